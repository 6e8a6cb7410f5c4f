-- What a signed link is checked with, and the file that it names. No row: no such project. A null
-- sha256: no such file.
-- $1 project's slug, $2 SHA-256
select p.url_secret, a.sha256, a.sha1, a.size, extract(epoch from a.created_at)::bigint as created
  from project p
  left join artifact a on a.project_id = p.id and a.sha256 = $2
 where p.slug = $1
