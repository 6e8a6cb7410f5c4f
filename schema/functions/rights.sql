-- What the daemon's role may do when it is not the owner of the tables.

-- Can it alter the log in spite of what it was granted: as an owner, who may drop what is his, as a member of another role,
-- or with objects of its own that the owner's migrations run into?
create or replace function rights_exceed(_role text) returns boolean language sql stable as $$
select bool_or(pg_has_role(_role, o.owner, 'member')) or has_schema_privilege(_role, current_schema(), 'create')
       or has_table_privilege(_role, 'audit', 'insert, update, delete, truncate, trigger')
       or has_table_privilege(_role, 'audit_head', 'insert, update, delete, truncate, trigger')
  from (select relowner from pg_class where oid in ('audit'::regclass, 'audit_head'::regclass)
        union all
        select proowner from pg_proc where oid = 'audit_add'::regproc
        union all
        select nspowner from pg_namespace where nspname = current_schema()
        union all
        select datdba from pg_database where datname = current_database()) o (owner)
$$;

-- Rows, but neither tables nor functions; of the audit log, to read it and to append by audit_add().
-- False: nothing binds `_role`, such as the owner, as whom audit_add() appends.
create or replace function rights_grant(_role text) returns boolean language plpgsql as $$
declare
  _schema text := current_schema();
begin
  execute format('grant usage on schema %I to %I', _schema, _role);
  execute format('grant select, insert, update, delete on all tables in schema %I to %I', _schema, _role);
  execute format('grant usage, select on all sequences in schema %I to %I', _schema, _role);
  execute format('grant execute on function audit_add to %I', _role);
  if not pg_has_role(_role, (select relowner from pg_class where oid = 'audit'::regclass), 'member') then
    execute format('revoke insert, update, delete on audit, audit_head, schema_migration from %I', _role);
  end if;
  return not rights_exceed(_role);
end $$;
