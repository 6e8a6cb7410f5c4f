-- The upload's file is in the store: now the project has the artifact. Can be repeated. No row: the upload was ended.
-- $1 id, $2 SHA-256, $3 SHA-1, $4 MD5, $5 what the .swu says of itself (JSON) or null, $6 actor (JSON)
with stored as (
  select (a.artifact).id
    from upload u
   cross join lateral artifact_add($6::jsonb, u.project_id, $2, $3, $4, u.size, u.filename, $5::jsonb) a
   where u.id = $1 and u.received = u.size
)
update upload u
   set artifact_id = stored.id
  from stored
 where u.id = $1
returning u.id
