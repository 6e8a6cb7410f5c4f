-- About the database, for GET /server. One row.
select (select max(name) from schema_migration where kind = 'migration') as schema,
       current_setting('server_version') as postgresql,
       to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as time,
       to_char(pg_postmaster_start_time() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as postgresql_started_at
