-- The upload's file is in the store: now the project has the artifact. Can be repeated.
-- Bytes that the project has already are known by their newest name. No row: the upload was ended.
-- $1 id, $2 SHA-256, $3 SHA-1, $4 MD5, $5 what the .swu says of itself (JSON) or null
with stored as (
  insert into artifact (project_id, sha256, sha1, md5, size, filename, swu)
  select u.project_id, $2, $3, $4, u.size, u.filename, $5::jsonb
    from upload u
   where u.id = $1 and u.received = u.size
  on conflict (project_id, sha256) do update set filename = excluded.filename
  returning id
)
update upload u
   set artifact_id = stored.id
  from stored
 where u.id = $1
returning u.id
