-- A file of a project, for whoever has a signed link to it. Zero or one row.
-- $1 project's slug, $2 SHA-256
select a.sha256, a.sha1, a.size, extract(epoch from a.created_at)::bigint as created
  from artifact a
  join project p on p.id = a.project_id
 where p.slug = $1 and a.sha256 = $2
