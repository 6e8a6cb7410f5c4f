-- Who the daemon is to PostgreSQL.
select current_user
