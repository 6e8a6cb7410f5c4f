-- One at a time; others wait. Ends with the session.
select pg_advisory_lock(hashtext('mews.migrate'))
