-- Who did what to which thing, in the transaction that did it.

-- What an entry's hash covers: all of it, and the hash before it.
create or replace function audit_hash(_entry audit, _previous text) returns text language sql immutable as $$
select encode(sha256(convert_to(json_build_array(
  _previous, _entry.id, extract(epoch from _entry.at)::numeric(20, 6)::text, _entry.actor_kind, _entry.actor, _entry.address, _entry.request_id,
  _entry.project, _entry.action, _entry.object, _entry.before, _entry.after)::text, 'UTF8')), 'hex')
$$;

-- One at a time: the chain has one end, and its lock is held until the transaction ends. So this comes
-- last in a change. `_call` null: the gateway itself. With the rights of the owner: the gateway's role
-- has none to write here, see rights.sql.
create or replace function audit_add(_call api_request, _project text, _action text, _object text, _before jsonb, _after jsonb)
returns void language plpgsql security definer as $$
declare
  _head  audit_head;
  _entry audit;
begin
  select * into _head from audit_head for update;
  _entry := row(_head.id + 1, clock_timestamp(),
                coalesce(_call.actor ->> 'kind', 'system'), coalesce(_call.actor ->> 'name', 'mewsd'),
                coalesce(_call.actor ->> 'address', ''), coalesce(_call.actor ->> 'request_id', ''),
                _project, _action, _object, _before, _after, '')::audit;
  _entry.hash := audit_hash(_entry, _head.hash);
  insert into audit select _entry.*;
  update audit_head set id = _entry.id, hash = _entry.hash;
end $$;

-- Nobody else in the cluster appends: rights.sql says who does. Temporary tables last: otherwise whoever calls it decides
-- what "audit" is.
do $$
begin
  revoke execute on function audit_add from public;
  execute format('alter function audit_add set search_path = %I, pg_temp', current_schema());
end $$;

-- Nobody rewrites history, the gateway least of all.
create or replace function audit_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only';
end $$;
create or replace trigger audit_append_only before update or delete or truncate on audit
  for each statement execute function audit_append_only();
