-- What `mewsd --migrate` has applied. Each connection asks this before it prepares the statements.
select kind, name, checksum
  from schema_migration
 order by kind, name
