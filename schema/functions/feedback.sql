-- Feedback of many devices at once, as the gateway brings it.

-- How many events of a deployment are kept before further ones are only counted.
create or replace function feedback_quota() returns int language sql immutable as $$
select 1000
$$;

-- Nearly all feedback says how an update gets on: an event to keep, perhaps the next of the open
-- states. One statement does that for all devices together. It leaves out what closes a deployment,
-- what is refused or beyond the quota, and all but a device's first. Returns the items that are done.
create or replace function feedback_progress(_callers text[], _projects int[], _devices text[], _ns int[], _executions text[], _results text[], _codes int[], _details text[])
returns int[] language plpgsql as $$ -- not sql: that would be planned at every call
declare
  _done int[];
begin
  with first as (
    select distinct on (i.project_id, i.device_id) i.*
      from unnest(_callers, _projects, _devices, _ns, _executions, _results, _codes, _details)
           with ordinality as i (caller, project_id, device_id, n, execution, result, code, details, item)
     order by i.project_id, i.device_id, i.item
  ), locked as (
    select f.*
      from first f
      join device d on d.project_id = f.project_id and d.device_id = f.device_id
     where f.execution <> 'closed'
       and case when length(f.caller) = 64 then token_valid(f.caller, f.project_id, f.device_id) -- as caller_valid(), fast
                else f.caller::int in (select k.id from project_key k where k.revoked_at is null) end
     order by f.project_id, f.device_id -- devices are locked in this order by everybody
       for no key update of d
  ), counted as (
    update deployment d
       set events = d.events + 1,
           state = coalesce(feedback_state(d.state, l.execution, l.result, false), d.state),
           revision = d.revision + coalesce(feedback_state(d.state, l.execution, l.result, false) <> d.state, false)::int,
           changed_at = clock_timestamp()
      from locked l
     where d.project_id = l.project_id and d.device_id = l.device_id and d.n = l.n and d.events < feedback_quota()
    returning l.*, d.events as seq
  ), kept as (
    insert into event (project_id, device_id, n, seq, source, execution, result, code, details)
    select c.project_id, c.device_id, c.n, c.seq, 'device', c.execution, c.result, c.code,
           array(select json_array_elements_text(c.details::json))
      from counted c
  )
  select array_agg(c.item) into _done from counted c;
  return coalesce(_done, '{}');
end $$;

-- The outcome of each item; outcomes: feedback_add().
create or replace function feedback_add_all(_callers text[], _projects int[], _devices text[], _ns int[], _executions text[], _results text[], _codes int[], _details text[])
returns table (item int, outcome text) language plpgsql as $$
declare
  _done int[];
begin
  if 'closed' = any (_executions) and 'closed' <> any (_executions) then -- in two passes, but devices are locked in one order
    perform from (select distinct project_id, device_id from unnest(_projects, _devices) as i (project_id, device_id) order by 1, 2) i
      cross join lateral (select from device d where d.project_id = i.project_id and d.device_id = i.device_id for no key update) d;
  end if;
  _done := feedback_progress(_callers, _projects, _devices, _ns, _executions, _results, _codes, _details);
  return query select unnest(_done), 'accepted';
  if cardinality(_done) = cardinality(_callers) then
    return;
  end if;
  return query
  select i.item::int, f.outcome
    from (select *
            from unnest(_callers, _projects, _devices, _ns, _executions, _results, _codes, _details)
                 with ordinality as each_item (caller, project_id, device_id, n, execution, result, code, details, item)
           where each_item.item <> all (_done)
           order by project_id, device_id, item) i -- see above
   cross join lateral feedback_add(i.caller, i.project_id, i.device_id, i.n, i.execution, i.result, i.code,
                                   array(select json_array_elements_text(i.details::json))) as f (outcome);
end $$;
