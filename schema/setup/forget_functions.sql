-- All functions are about to be applied anew; one that is no longer among them is not missed.
delete from schema_migration where kind = 'function'
