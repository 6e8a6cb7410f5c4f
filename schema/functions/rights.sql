-- What the daemon's role may do when it is not the owner of the tables.

-- Rows, but neither tables nor functions; of the audit log, to read it and to append by audit_add().
-- False, and nothing done: `_role` is the owner or can become it, so nothing binds it.
create or replace function rights_grant(_role text) returns boolean language plpgsql as $$
declare
  _schema text := current_schema();
begin
  if pg_has_role(_role, (select relowner from pg_class where oid = 'audit'::regclass), 'member') then
    return false;
  end if;
  execute format('grant usage on schema %I to %I', _schema, _role);
  execute format('grant select, insert, update, delete on all tables in schema %I to %I', _schema, _role);
  execute format('grant usage, select on all sequences in schema %I to %I', _schema, _role);
  execute format('revoke insert, update, delete on audit, audit_head, schema_migration from %I', _role);
  execute 'revoke execute on function audit_add from public';
  execute format('grant execute on function audit_add to %I', _role);
  return true;
end $$;
