-- Is there such a project? Asked before a file is written. Zero or one row.
-- $1 project
select id from project where slug = $1
