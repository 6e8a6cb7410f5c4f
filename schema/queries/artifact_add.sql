-- The file is in the store: now the project has the artifact. No row: no such project.
-- $1 project, $2 SHA-256, $3 SHA-1, $4 MD5, $5 bytes, $6 filename, $7 what the .swu says of itself (JSON) or null, $8 actor (JSON)
select artifact_json(a.artifact) as artifact, a.is_new
  from project p
 cross join lateral artifact_add($8::jsonb, p.id, $2, $3, $4, $5::bigint, $6, $7::jsonb) a
 where p.slug = $1
