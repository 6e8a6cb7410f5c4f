-- The daemon's role gets what it needs. One row; false: it can alter the audit log all the same.
-- $1 its name
select rights_grant($1)
