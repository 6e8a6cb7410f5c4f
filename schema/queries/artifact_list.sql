-- The artifacts of a project, newest first. No row: no such project. A row with nulls: no artifact.
-- $1 project, $2 only those before this id, $3 how many; one more, `beyond`, if there is one
select a.id, a.sha256, a.sha1, a.md5, a.size, a.filename, a.swu,
       to_char(a.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
       row_number() over (order by a.id desc) > $3::int as beyond
  from project p
  left join lateral (
         select *
           from artifact
          where project_id = p.id and id < $2::bigint
          order by id desc
          limit $3::int + 1
       ) a on true
 where p.slug = $1
 order by a.id desc
