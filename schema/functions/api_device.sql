-- Devices, their deployments, and the versions that they reported.

create or replace function device_json(_device device) returns json language sql stable as $$
select json_build_object(
  'id', _device.device_id, 'cohort', c.slug, 'staged', _device.staged,
  'software_type', _device.software_type, 'software_version', _device.software_version,
  'hardware_version', _device.hardware_version, 'last_seen', _device.last_seen,
  'nickname', i.nickname, 'notes', i.notes, 'address', i.address, 'created_at', i.created_at,
  'deployment', (select json_build_object('n', x.n, 'release', release_name(r), 'state', x.state)
                   from deployment x join release r on r.id = x.release_id
                  where x.project_id = _device.project_id and x.device_id = _device.device_id and x.n = _device.deployments),
  'attributes', i.attributes)
  from cohort c, device_info i
 where c.id = _device.cohort_id and i.project_id = _device.project_id and i.device_id = _device.device_id
$$;

create or replace function api_device_list(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
  _limit   constant int := page_limit(_call);
  _after   constant text := coalesce(cursor_decode(_call.params ->> 'cursor') ->> 0, '');
  _cohort  cohort;
begin
  if _call.params ? 'cohort' then
    _cohort := find_cohort(_project, _call.params ->> 'cohort', 400, 'cohort');
  end if;
  return (select page(array_agg(device_json(d)), array_agg(jsonb_build_array(d.device_id)), _limit)
            from (select * from device d
                   where d.project_id = _project.id and d.device_id > _after
                     and (_cohort.id is null or d.cohort_id = _cohort.id)
                     and (not _call.params ? 'version' or d.software_version = _call.params ->> 'version')
                     and (not _call.params ? 'hardware_version' or d.hardware_version = _call.params ->> 'hardware_version')
                   order by d.device_id limit _limit + 1) d);
end $$;

create or replace function api_device_get(_call api_request) returns api_reply language plpgsql as $$
declare
  _device constant device := find_device(path_project(_call), _call.path ->> 'device');
begin
  return reply(device_json(_device),
               etag((select i.revision from device_info i where i.project_id = _device.project_id and i.device_id = _device.device_id)));
end $$;

create or replace function event_json(_event event) returns json language sql immutable as $$
select json_build_object('at', _event.at, 'source', _event.source, 'execution', _event.execution, 'result', _event.result,
                         'code', _event.code, 'details', coalesce(_event.details, '{}'))
$$;

create or replace function deployment_json(_deployment deployment) returns json language sql stable as $$
select json_build_object(
  'device', _deployment.device_id, 'n', _deployment.n, 'release', release_name(r), 'cohort', c.slug,
  'state', _deployment.state, 'attempt', _deployment.attempt, 'from_version', _deployment.from_version,
  'created_at', _deployment.created_at, 'changed_at', _deployment.changed_at, 'closed_at', _deployment.closed_at,
  'folded_events', _deployment.folded)
  from release r, cohort c
 where r.id = _deployment.release_id and c.id = _deployment.cohort_id
$$;

-- A deployment with what happened in it, the oldest first.
create or replace function deployment_story_json(_deployment deployment) returns json language sql stable as $$
select (deployment_json(_deployment)::jsonb || jsonb_build_object('events', coalesce((
         select jsonb_agg(event_json(e) order by e.seq)
           from event e
          where e.project_id = _deployment.project_id and e.device_id = _deployment.device_id and e.n = _deployment.n), '[]')))::json
$$;

create or replace function api_device_deployments(_call api_request) returns api_reply language plpgsql as $$
declare
  _device constant device := find_device(path_project(_call), _call.path ->> 'device');
  _limit  constant int := page_limit(_call);
  _before constant int := coalesce((cursor_decode(_call.params ->> 'cursor') ->> 0)::int, 2147483647);
begin
  return (select page(array_agg(deployment_story_json(x)), array_agg(jsonb_build_array(x.n)), _limit)
            from (select * from deployment x
                   where x.project_id = _device.project_id and x.device_id = _device.device_id and x.n < _before
                   order by x.n desc limit _limit + 1) x);
end $$;
