-- End an upload; an artifact that came of it stays. No row: there is none.
-- $1 project, $2 id
delete from upload u
 using project p
 where p.id = u.project_id and p.slug = $1 and u.id = $2
returning u.id
