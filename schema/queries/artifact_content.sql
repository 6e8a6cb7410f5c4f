-- A file of a project, for an operator. No row: there is none.
-- $1 project's slug, $2 SHA-256
select a.sha256, a.sha1, a.filename, a.size, extract(epoch from a.created_at)::bigint as created
  from project p
  join artifact a on a.project_id = p.id
 where p.slug = $1 and a.sha256 = $2
