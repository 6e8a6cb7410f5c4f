-- A new upload; whoever creates it holds the first claim. No row: no such project.
-- Expired uploads of everybody are cleared away here; their files are swept by age.
-- $1 project, $2 id, $3 filename, $4 Upload-Metadata, $5 bytes, $6 expected SHA-256 or null,
-- $7 digest state of nothing, $8 seconds to keep it
with expired as (
  delete from upload
   where id in (select id from upload where expires_at < now() limit 100 for update skip locked)
)
insert into upload (project_id, id, filename, metadata, size, expected_sha256, digest_state, expires_at)
select p.id, $2, $3, $4, $5::bigint, $6, $7, now() + $8::int * interval '1 second'
  from project p
 where p.slug = $1
returning filename, metadata, size, received, digest_state, expected_sha256, attempt,
          false as stored,
          extract(epoch from expires_at)::bigint as expires,
          to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
          to_char(expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as expires_at
