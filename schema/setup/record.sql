-- This file has been applied.
-- $1 kind, $2 name, $3 checksum
insert into schema_migration (kind, name, checksum) values ($1, $2, $3)
