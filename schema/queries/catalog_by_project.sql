-- The catalog of a project. Zero or one row.
-- $1 project
select p.id as project_id, p.generation, catalog(p.id) as catalog
  from project p
 where p.id = $1::int
