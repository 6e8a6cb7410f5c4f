-- The file is in the store: now the project has the artifact. Bytes that it has already are known by
-- their newest name. No row: no such project.
-- $1 project, $2 SHA-256, $3 SHA-1, $4 MD5, $5 bytes, $6 filename, $7 what the .swu says of itself (JSON) or null
insert into artifact (project_id, sha256, sha1, md5, size, filename, swu)
select p.id, $2, $3, $4, $5::bigint, $6, $7::jsonb
  from project p
 where p.slug = $1
on conflict (project_id, sha256) do update set filename = excluded.filename
returning sha256, sha1, md5, size, filename, swu, artifact_used(artifact) as used,
          to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
          xmax = 0 as is_new
