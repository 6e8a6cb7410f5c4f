-- Deployments: what happened between a device and a release.

create or replace function event_json(_event event) returns json language sql immutable as $$
select json_build_object('at', _event.at, 'source', _event.source, 'execution', _event.execution, 'result', _event.result,
                         'code', _event.code, 'details', coalesce(_event.details, '{}'))
$$;

create or replace function deployment_json(_deployment deployment) returns json language sql stable as $$
select json_build_object(
  'device', _deployment.device_id, 'n', _deployment.n, 'release', release_name(r), 'cohort', c.slug,
  'activation', _deployment.activation_id,
  'state', _deployment.state, 'attempt', _deployment.attempt, 'from_version', _deployment.from_version,
  'created_at', _deployment.created_at, 'changed_at', _deployment.changed_at, 'closed_at', _deployment.closed_at,
  'cancel_refused', _deployment.cancel_refused, 'folded_events', _deployment.folded)
  from release r
  left join cohort c on c.id = _deployment.cohort_id -- null: deleted since
 where r.id = _deployment.release_id
$$;

-- A deployment with what happened in it, the oldest first; at most the newest `_limit` events.
create or replace function deployment_story_json(_deployment deployment, _limit int) returns json language sql stable as $$
select (deployment_json(_deployment)::jsonb || jsonb_build_object('events', coalesce((
         select jsonb_agg(event_json(s.e) order by (s.e).seq)
           from (select e from event e
                  where e.project_id = _deployment.project_id and e.device_id = _deployment.device_id and e.n = _deployment.n
                  order by e.seq desc limit _limit) s), '[]')))::json
$$;

create or replace function find_deployment(_project project, _device text, _n text) returns deployment language plpgsql stable as $$
declare
  _deployment deployment;
begin
  select * into _deployment from deployment x
   where x.project_id = _project.id and x.device_id = _device and x.n::text = _n;
  if not found then
    perform find_device(_project, _device);
    perform fail(404, 'no such deployment');
  end if;
  return _deployment;
end $$;

-- ---- Of the project ----

-- As device_filter(): conditions on a row x.
create or replace function deployment_filter(_cohort cohort, _release release, _params jsonb, _indexed boolean) returns text
language sql immutable as $$
select concat_ws(' and ', 'true',
  case when _indexed and _release.id is not null then format('(x).release_id = %s', _release.id) end,
  case when _indexed and _params ? 'since' then format('(x).created_at >= %L', _params ->> 'since') end,
  case when _indexed and _params ? 'until' then format('(x).created_at < %L', _params ->> 'until') end,
  case when not _indexed and _params ? 'state' and not states_are_indexed(_release, _params)
       then format('(x).state = any (%L)', string_to_array(_params ->> 'state', ',')) end,
  case when not _indexed and _cohort.id is not null then format('(x).cohort_id = %s', _cohort.id) end)
$$;

-- Has index deployment_trouble those in these states, newest first?
create or replace function states_are_indexed(_release release, _params jsonb) returns boolean language sql immutable as $$
select _release.id is null
   and string_to_array(_params ->> 'state', ',') <@ '{rejected,canceling,failed,canceled,rolled_back,timed_out}'
$$;

-- The rows that a page is looked for in, as device_scan(); of several states, each has its own scan of the index.
create or replace function deployment_scan(_release release, _params jsonb, _indexed text) returns text language sql immutable as $$
select format('select s.x, jsonb_build_array(s.created_at, s.device_id, s.n) as key from (%s) s'
              ' order by s.created_at desc, s.device_id desc, s.n desc limit %s',
              string_agg(format(
                '(select x, x.created_at, x.device_id, x.n'
                '   from deployment x'
                '  where x.project_id = $1 and %s and %s'
                '    and ($2::jsonb is null or (x.created_at, x.device_id, x.n) < (($2 ->> 0)::timestamptz, $2 ->> 1, ($2 ->> 2)::int))'
                '  order by x.created_at desc, x.device_id desc, x.n desc limit %s)',
                _indexed, case when state is null then 'true' else format('x.state = %L', state) end, scan_limit()), ' union all '),
              scan_limit())
  from (select distinct unnest(case when states_are_indexed(_release, _params) then string_to_array(_params ->> 'state', ',')
                                    else array[null] end) as state) each
$$;

create or replace function api_deployment_list(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
  _cohort  cohort;
  _release release;
begin
  if _call.params ? 'cohort' then
    _cohort := find_cohort(_project, _call.params ->> 'cohort', 400, 'cohort');
  end if;
  if _call.params ? 'release' then
    _release := find_release(_project, _call.params ->> 'release', 400, 'release');
  end if;
  return page_of_scan(_call, _project, 'deployment_json(s.x)',
                      deployment_scan(_release, _call.params, deployment_filter(_cohort, _release, _call.params, true)),
                      deployment_filter(_cohort, _release, _call.params, false));
end $$;

-- ---- Of a device ----

create or replace function api_device_deployments(_call api_request) returns api_reply language plpgsql as $$
declare
  _device constant device := find_device(path_project(_call), _call.path ->> 'device');
  _limit  constant int := coalesce((_call.params ->> 'limit')::int, 20);
  _before constant int := coalesce((cursor_decode(_call.params ->> 'cursor') ->> 0)::int, 2147483647);
  _events constant int := 100;
begin
  return (select page(array_agg(deployment_story_json(s.x, _events)), array_agg(jsonb_build_array((s.x).n)), _limit)
            from (select x from deployment x
                   where x.project_id = _device.project_id and x.device_id = _device.device_id and x.n < _before
                   order by x.n desc limit _limit + 1) s);
end $$;

create or replace function api_deployment_get(_call api_request) returns api_reply language plpgsql as $$
declare
  _deployment constant deployment := find_deployment(path_project(_call), _call.path ->> 'device', _call.path ->> 'n');
begin
  return reply(deployment_story_json(_deployment, null), etag(_deployment.revision));
end $$;

-- What becomes of a deployment that somebody cancels; null: nothing, it has ended.
create or replace function cancel_state(_state deployment_state, _force boolean) returns deployment_state language sql immutable as $$
select (case
  when _state = 'offered' then 'canceled' -- the device has not begun
  when is_final(_state) or (_state = 'installed' and not _force) then null
  when _force then 'canceled'
  else 'canceling' end)::deployment_state
$$;

-- Once the device has begun it is asked to cancel, and may refuse. With `force` nobody asks it.
create or replace function api_deployment_cancel(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
  _device  constant text := _call.path ->> 'device';
  _force   constant boolean := coalesce((_call.body ->> 'force')::boolean, false);
  _old     deployment := find_deployment(_project, _device, _call.path ->> 'n');
  _new     deployment;
  _state   deployment_state;
begin
  perform from device d where d.project_id = _project.id and d.device_id = _device for no key update;
  _old := find_deployment(_project, _device, _call.path ->> 'n');
  perform check_match(_call, _old.revision);
  perform check_protected(_call, c) -- of then and of now
     from cohort c
    where c.id in (_old.cohort_id, (find_device(_project, _device)).cohort_id);
  _state := cancel_state(_old.state, _force);
  if _state is null then
    perform fail(409, case when _old.state = 'installed' then 'it is installed; `force` gives up waiting for the version report'
                           else format('it has ended already: %s', _old.state) end);
  end if;
  if _state <> _old.state then
    update deployment x set cancel_refused = false
     where x.project_id = _old.project_id and x.device_id = _old.device_id and x.n = _old.n and x.cancel_refused;
    perform event_note(_old, 'operator', null, null, null,
                       array[format('%s by %s.', case _state when 'canceling' then 'Cancel requested' else 'Canceled' end,
                                    _call.actor ->> 'name')]);
    _new := deployment_enter(_old, _state);
    perform audit_add(_call, _project.slug, 'deployment.cancel', format('device %s deployment %s', _device, _old.n),
                      deployment_json(_old)::jsonb, deployment_json(_new)::jsonb);
  end if;
  _new := find_deployment(_project, _device, _call.path ->> 'n');
  return reply(deployment_story_json(_new, null), etag(_new.revision));
end $$;
