-- The daemon's role gets what it needs. One row; false: it owns the tables anyway.
-- $1 its name
select rights_grant($1)
