-- Take the right to write the next piece. Earlier attempts can no longer commit after this.
-- Zero or one row; without `attempt` the piece does not fit behind what is there.
-- $1 project, $2 id, $3 offset, $4 bytes of the piece, $5 seconds to keep the upload
with found as (
  select u.*
    from upload u
    join project p on p.id = u.project_id
   where p.slug = $1 and u.id = $2 and u.expires_at > now()
     for update of u
), claimed as (
  update upload u
     set attempt = u.attempt + 1, expires_at = now() + $5::int * interval '1 second'
    from found f
   where u.id = f.id
     and f.received = $3::bigint and f.received < f.size and f.received + $4::bigint <= f.size
  returning u.attempt, u.expires_at
)
select f.filename, f.metadata, f.size, f.received, f.digest_state, f.expected_sha256, c.attempt,
       f.artifact_id is not null as stored,
       extract(epoch from coalesce(c.expires_at, f.expires_at))::bigint as expires,
       to_char(f.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
       to_char(coalesce(c.expires_at, f.expires_at) at time zone 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as expires_at
  from found f
  left join claimed c on true
