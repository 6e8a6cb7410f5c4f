-- Many devices deleted at once, each as by api_device_delete().

-- `gone`: what the log says of them, a thousand in a part: {"beta": {"devices": 2, "ids": [...]}}.
create or replace function devices_delete(_project project, _ids text[], out deleted bigint, out gone jsonb[]) language plpgsql as $$
declare
  _part   constant int := 1000;
  _locked text[];
begin
  with locked as materialized ( -- as devices_lock(), but for good
    select d.device_id, d.cohort_id, d.deployments
      from (select id from unnest(_ids) id order by id) given
     cross join lateral (select * from device d where d.project_id = _project.id and d.device_id = given.id for update) d
  ), numbered as (
    select l.device_id, c.slug, (row_number() over (order by l.device_id) - 1) / _part as part
      from locked l join cohort c on c.id = l.cohort_id
  ), grouped as (
    select part, slug, json_build_object('devices', count(*), 'ids', array_agg(device_id order by device_id)) as devices
      from numbered group by 1, 2
  ), remembered as (
    insert into device_gone (project_id, device_id, deployments)
    select _project.id, l.device_id, l.deployments from locked l where l.deployments > 0
    on conflict (project_id, device_id) do update set deployments = excluded.deployments
  )
  select array(select l.device_id from locked l),
         array(select jsonb_object_agg(g.slug, g.devices) from grouped g group by g.part order by g.part)
    into _locked, gone;
  delete from device d using unnest(_locked) id where d.project_id = _project.id and d.device_id = id;
  get diagnostics deleted = row_count;
end $$;

-- All of them or none; one statement, however many there are.
create or replace function api_device_delete_many(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
  _ids     text[];
  _from    cohort;
  _unknown text;
  _deleted bigint;
  _gone    jsonb[];
begin
  if (_call.body ? 'devices') = (_call.body ? 'from') then
    perform fail(422, 'say which devices: either `devices` or `from`', '/devices');
  elsif (_call.body ? 'from') <> (_call.body ? 'limit') then
    perform fail(422, 'with `from` say how many, and only then: `limit`', '/limit');
  elsif _call.body ? 'from' then
    _from := find_cohort(_project, _call.body ->> 'from', 422, '/from');
    _ids := array(select d.device_id from device d where d.project_id = _project.id and d.cohort_id = _from.id
                   order by d.device_id limit (_call.body ->> 'limit')::bigint for update); -- as cohort_devices(), but for good
  else
    _ids := array(select jsonb_array_elements_text(_call.body -> 'devices'));
    select id into _unknown from unnest(_ids) id
     where not exists (select from device d where d.project_id = _project.id and d.device_id = id) limit 1;
    if found then
      perform fail(422, format('no such device: %s; nothing was deleted', _unknown), '/devices');
    end if;
  end if;
  select * into _deleted, _gone from devices_delete(_project, _ids);
  for _part in 1 .. cardinality(_gone) loop
    perform audit_add(_call, _project.slug, 'device.delete', 'devices', _gone[_part], null);
  end loop;
  return reply(json_build_object('deleted', _deleted));
end $$;
