-- The catalog of the project that this key opens. Zero or one row.
-- $1 SHA-256 of the key, hex
select p.id as project_id, p.generation, catalog(p.id) as catalog
  from project_key k
  join project p on p.id = k.project_id
 where k.hash = $1 and k.revoked_at is null
