-- Devices, and the versions that they reported.

create or replace function device_json(_device device) returns json language sql stable as $$
select json_build_object(
  'id', _device.device_id, 'cohort', c.slug, 'staged', _device.staged,
  'software_type', _device.software_type, 'software_version', _device.software_version,
  'hardware_version', _device.hardware_version, 'last_seen', _device.last_seen,
  'nickname', i.nickname, 'notes', i.notes, 'has_token', i.target_token is not null,
  'address', i.address, 'created_at', i.created_at,
  'deployment', (select json_build_object('n', x.n, 'release', release_name(r), 'state', x.state)
                   from deployment x join release r on r.id = x.release_id
                  where x.project_id = _device.project_id and x.device_id = _device.device_id and x.n = _device.deployments),
  'attributes', i.attributes)
  from cohort c, device_info i
 where c.id = _device.cohort_id and i.project_id = _device.project_id and i.device_id = _device.device_id
$$;

create or replace function find_device_info(_device device) returns device_info language sql stable as $$
select * from device_info i where i.project_id = _device.project_id and i.device_id = _device.device_id
$$;

-- Everything that operators change, on whichever way; not what the device tells all the time. Whoever comes back after it
-- was deleted is another one.
create or replace function device_etag(_device device) returns text language sql stable as $$
select etag(json_build_array(i.created_at, i.revision, _device.cohort_id, _device.staged, i.target_token))
  from find_device_info(_device) i
$$;

-- ---- The list ----

-- A part of an id or of a nickname: a condition on a row i of device_info that index device_info_search knows.
create or replace function device_search(_search text) returns text language sql immutable as $$
select text_contains('i.device_id || '' '' || i.nickname', _search)
$$;

-- Does the index find it fast? It needs a group of three letters and digits that is rare, and the end of a serial number
-- is the best place to look for one. This is the planner's estimate, and generous: devices_found() counts.
create or replace function search_is_rare(_search text) returns boolean language plpgsql as $$
declare
  _group text;
begin
  for _group in
    select substr(_search, i, 3) from generate_series(1, length(_search) - 2) i
     where substr(_search, i, 3) ~ '^[[:alnum:]]{3}$'
     order by i desc limit 8
  loop
    if rows_expected('select from device_info i where ' || device_search(_group)) <= 10 * scan_limit() then
      return true;
    end if;
  end loop;
  return false;
end $$;

-- The devices with it in their id or nickname, if they are few; null: too many. The index does not have them in the
-- order of a list: it finds all of them at once.
create or replace function devices_found(_project project, _search text) returns text[] language plpgsql as $$
declare
  _found text[];
begin
  if _search is null or not search_is_rare(_search) then
    return null;
  end if;
  execute format('select array(select i.device_id from device_info i where i.project_id = $1 and %s limit %s)',
                 device_search(_search), scan_limit() + 1)
     into _found using _project.id;
  return case when cardinality(_found) <= scan_limit() then _found end;
end $$;

-- Filters as conditions on a row d; `_indexed`: those that an index answers in the order of ids.
create or replace function device_filter(_cohort cohort, _params jsonb, _indexed boolean) returns text language sql immutable as $$
select concat_ws(' and ', 'true',
  case when _indexed and _cohort.id is not null then format('(d).cohort_id = %s', _cohort.id) end,
  case when _indexed and _params ->> 'version' <> '' then format('(d).software_version = %L', _params ->> 'version') end,
  case when _indexed and _params ->> 'version' = '' then '(d).software_version is null' end,
  case when not _indexed and _params ? 'hardware_version'
       then format('(d).hardware_version = %L', _params ->> 'hardware_version') end,
  case when not _indexed and _params ? 'software_type'
       then format('coalesce((d).software_type, ''main'') = %L', _params ->> 'software_type') end,
  case when not _indexed and _params ? 'staged' then format('(d).staged = %L', _params ->> 'staged') end,
  case when not _indexed and _params ? 'seen_after' then format('(d).last_seen >= %L', _params ->> 'seen_after') end,
  case when not _indexed and _params ? 'seen_before'
       then format('((d).last_seen < %L or (d).last_seen is null)', _params ->> 'seen_before') end,
  case when not _indexed and _params ? 'state'
       then format('(select x.state from deployment x where x.project_id = (d).project_id and x.device_id = (d).device_id'
                   ' and x.n = (d).deployments) = %L', _params ->> 'state') end,
  case when not _indexed and _params ? 'search'
       then format('(select %s from device_info i where i.project_id = (d).project_id and i.device_id = (d).device_id)',
                   device_search(_params ->> 'search')) end)
$$;

-- The rows that a page is looked for in: at most scan_limit() of them, in the order of `sort`, each with
-- its key. $1 project, $2 cursor (or null). Nothing of it goes on to read what the page does not need.
-- _found: only these; null: all.
create or replace function device_scan(_sort text, _found text[], _indexed text) returns text language sql stable as $$
select format(
  'select d, jsonb_build_array(%s) as key'
  '  from device d %s'
  ' where d.project_id = $1 and ($2::jsonb is null or %s) and %s and %s'
  ' order by %s limit %s',
  case when by_time then 'i.created_at, d.device_id' else 'd.device_id' end,
  case when by_time then 'join device_info i using (project_id, device_id)' else '' end,
  case when by_time then format('(i.created_at, i.device_id) %s (($2 ->> 0)::timestamptz, $2 ->> 1)', beyond)
       else format('d.device_id %s ($2 ->> 0)', beyond) end,
  _indexed,
  case when _found is null then 'true' else format('d.device_id = any (%L)', _found) end,
  case when by_time then format('i.created_at %s, i.device_id %1$s', direction) else 'd.device_id ' || direction end,
  scan_limit())
  from (select _sort like '%created_at' as by_time,
               case when _sort like '-%' then '<' else '>' end as beyond,
               case when _sort like '-%' then 'desc' else 'asc' end as direction) s
$$;

create or replace function api_device_list(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
  _sort    constant text := coalesce(_call.params ->> 'sort', 'id');
  _params  jsonb := _call.params;
  _found   constant text[] := devices_found(_project, _params ->> 'search');
  _cohort  cohort;
begin
  if _params ? 'cohort' then
    _cohort := find_cohort(_project, _params ->> 'cohort', 400, 'cohort');
  end if;
  if _found is not null then
    _params := _params - 'search'; -- that has been done
  end if;
  return page_of_scan(_call, _project, 'device_json(s.d)',
                      device_scan(_sort, _found, device_filter(_cohort, _params, true)),
                      device_filter(_cohort, _params, false));
end $$;

create or replace function api_device_get(_call api_request) returns api_reply language plpgsql as $$
declare
  _device constant device := find_device(path_project(_call), _call.path ->> 'device');
begin
  return reply(device_json(_device), device_etag(_device));
end $$;

-- ---- Changes ----

create or replace function lock_device(_project project, _id text) returns device language plpgsql as $$
begin
  perform from device d where d.project_id = _project.id and d.device_id = _id for no key update;
  return find_device(_project, _id);
end $$;

-- Lock many devices in their order, as everybody does who locks several. One look-up each, whatever the
-- planner thinks of a table that has grown since it was analyzed.
create or replace function devices_lock(_project int, _ids text[]) returns setof device language sql as $$
select d.*
  from (select id from unnest(_ids) id order by id) given
 cross join lateral (
         select * from device d where d.project_id = _project and d.device_id = given.id for no key update
       ) d
$$;

-- Into another cohort. Leaving a cohort clears the mark. `left_cohorts`: {"beta": {"devices": 2, "ids": [...]}},
-- with not all ids of a fleet.
create or replace function devices_move(_project project, _ids text[], _to int, out moved bigint, out left_cohorts jsonb)
language plpgsql as $$
declare
  _shown  constant int := 1000;
  _locked text[];
begin
  with locked as materialized (
    select l.device_id, l.cohort_id from devices_lock(_project.id, _ids) l where l.cohort_id <> _to
  ), grouped as (
    select c.slug, json_build_object('devices', count(*), 'ids', (array_agg(l.device_id order by l.device_id))[1:_shown]) as devices
      from locked l join cohort c on c.id = l.cohort_id group by c.slug)
  select array(select l.device_id from locked l), (select jsonb_object_agg(g.slug, g.devices) from grouped g)
    into _locked, left_cohorts;
  perform devices_regroup(_project.id, _locked, _to, false);
  moved := cardinality(_locked);
end $$;

-- The first `_limit` devices of a cohort; null: all. They are locked: who has left it while we waited is none of them.
create or replace function cohort_devices(_cohort cohort, _limit bigint) returns text[] language sql as $$
select array(select d.device_id from device d where d.project_id = _cohort.project_id and d.cohort_id = _cohort.id
              order by d.device_id limit _limit for no key update)
$$;

create or replace function api_device_register(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
  _device  device;
  _cohort  cohort;
begin
  if _call.body ->> 'id' like '%/%' or _call.body ->> 'id' in ('.', '..') then
    perform fail(422, 'an id is a part of a path: it has no slashes, and is neither `.` nor `..`', '/id');
  elsif _call.body ? 'cohort' then
    _cohort := find_cohort(_project, _call.body ->> 'cohort', 422, '/cohort');
  else
    select * into _cohort from cohort c where c.project_id = _project.id and c.is_default;
  end if;
  insert into device (project_id, device_id, cohort_id, deployments)
  values (_project.id, _call.body ->> 'id', _cohort.id, deployments_before(_project.id, _call.body ->> 'id'))
  on conflict do nothing
  returning * into _device;
  if not found then
    perform fail(409, 'a device with this id exists already', '/id');
  end if;
  insert into device_info (project_id, device_id, nickname, notes)
  values (_project.id, _device.device_id, coalesce(_call.body ->> 'nickname', ''), coalesce(_call.body ->> 'notes', ''));
  perform audit_add(_call, _project.slug, 'device.register', 'device ' || _device.device_id, null, device_json(_device)::jsonb);
  return reply(device_json(_device), device_etag(_device));
end $$;

create or replace function api_device_change(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
  _old     constant device := lock_device(_project, _call.path ->> 'device');
  _before  constant json := device_json(_old);
  _new     device;
  _cohort  cohort;
begin
  perform check_match(_call, device_etag(_old));
  if _call.body ? 'cohort' then
    _cohort := find_cohort(_project, _call.body ->> 'cohort', 422, '/cohort');
    perform devices_move(_project, array[_old.device_id], _cohort.id);
  end if;
  update device_info i
     set nickname = coalesce(_call.body ->> 'nickname', i.nickname), notes = coalesce(_call.body ->> 'notes', i.notes),
         revision = i.revision + 1
   where i.project_id = _old.project_id and i.device_id = _old.device_id
     and (i.nickname <> _call.body ->> 'nickname' or i.notes <> _call.body ->> 'notes');
  _new := find_device(_project, _old.device_id);
  if device_json(_new)::jsonb <> _before::jsonb then
    perform audit_add(_call, _project.slug, 'device.change', 'device ' || _new.device_id, _before::jsonb, device_json(_new)::jsonb);
  end if;
  return reply(device_json(_new), device_etag(_new));
end $$;

-- With everything that is known of it, but for how many deployments it had. When it polls again, it is new.
create or replace function api_device_delete(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
  _device  device;
  _before  json;
begin
  perform from device d where d.project_id = _project.id and d.device_id = _call.path ->> 'device' for update;
  _device := find_device(_project, _call.path ->> 'device');
  perform check_match(_call, device_etag(_device));
  _before := device_json(_device);
  insert into device_gone (project_id, device_id, deployments)
  select d.project_id, d.device_id, d.deployments
    from device d
   where d.project_id = _device.project_id and d.device_id = _device.device_id and d.deployments > 0
  on conflict (project_id, device_id) do update set deployments = excluded.deployments;
  delete from device d where d.project_id = _device.project_id and d.device_id = _device.device_id;
  perform audit_add(_call, _project.slug, 'device.delete', 'device ' || _device.device_id, _before::jsonb, null);
  return reply(null, null, 204);
end $$;

-- All of them or none; one statement, however many there are.
create or replace function api_device_move(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
  _to      constant cohort := find_cohort(_project, _call.body ->> 'cohort', 422, '/cohort');
  _ids     text[];
  _from    cohort;
  _unknown text;
  _place   bigint;
  _moved   bigint;
  _left    jsonb;
begin
  if (_call.body ? 'devices') = (_call.body ? 'from') then
    perform fail(422, 'say which devices: either `devices` or `from`', '/devices');
  end if;
  if _call.body ? 'limit' and _call.body ? 'devices' then
    perform fail(422, '`limit` goes with `from`; name only the devices that are to move', '/limit');
  end if;
  if _call.body ? 'from' then
    _from := find_cohort(_project, _call.body ->> 'from', 422, '/from');
    _ids := cohort_devices(_from, (_call.body ->> 'limit')::bigint);
  else
    _ids := array(select jsonb_array_elements_text(_call.body -> 'devices'));
    select id, place - 1 into _unknown, _place from unnest(_ids) with ordinality as given (id, place)
     where not exists (select from device d where d.project_id = _project.id and d.device_id = id) limit 1;
    if found then
      perform fail(422, format('no such device: %s; nothing was moved', _unknown), '/devices/' || _place);
    end if;
  end if;
  select * into _moved, _left from devices_move(_project, _ids, _to.id);
  if _moved > 0 then
    perform audit_add(_call, _project.slug, 'device.move', 'cohort ' || _to.slug, _left, jsonb_build_object(_to.slug, _moved));
  end if;
  return reply(json_build_object('moved', _moved));
end $$;

-- A new token of its own, which replaces the one before.
create or replace function api_device_token(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
  _device  constant device := lock_device(_project, _call.path ->> 'device');
begin
  perform check_match(_call, device_etag(_device));
  update device_info i
     set target_token = _call.secret ->> 'hash'
   where i.project_id = _device.project_id and i.device_id = _device.device_id;
  perform audit_add(_call, _project.slug, 'device.token', 'device ' || _device.device_id, null,
                    jsonb_build_object('prefix', _call.secret ->> 'prefix'));
  return reply(json_build_object('prefix', _call.secret ->> 'prefix'));
end $$;

-- From now on it opens nothing.
create or replace function api_device_token_remove(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
  _device  constant device := lock_device(_project, _call.path ->> 'device');
begin
  perform check_match(_call, device_etag(_device));
  update device_info i
     set target_token = null
   where i.project_id = _device.project_id and i.device_id = _device.device_id and i.target_token is not null;
  if not found then
    perform fail(404, 'the device has no token of its own');
  end if;
  perform audit_add(_call, _project.slug, 'device.token_remove', 'device ' || _device.device_id, null, null);
  return reply(null, null, 204);
end $$;

-- Its failed attempts are forgotten, so the next poll decides as if there had been none.
create or replace function api_device_retry(_call api_request) returns api_reply language plpgsql as $$
declare
  _project  constant project := path_project(_call);
  _device   constant device := lock_device(_project, _call.path ->> 'device');
  _failures jsonb;
begin
  perform check_match(_call, device_etag(_device));
  perform check_protected(_call, (select c from cohort c where c.id = _device.cohort_id));
  if _device.failures is not null then
    select jsonb_object_agg(release_name(r), _device.failures -> r.id::text -> 0) into _failures
      from release r
     where r.id in (select jsonb_object_keys(_device.failures)::bigint);
    update device d set failures = null where d.project_id = _device.project_id and d.device_id = _device.device_id;
    perform audit_add(_call, _project.slug, 'device.retry', 'device ' || _device.device_id,
                      jsonb_build_object('failed_attempts', coalesce(_failures, '{}')), jsonb_build_object('failed_attempts', '{}'::jsonb));
  end if;
  return reply(device_json(_device), device_etag(_device));
end $$;

-- ---- History ----

create or replace function api_device_versions(_call api_request) returns api_reply language plpgsql as $$
declare
  _device constant device := find_device(path_project(_call), _call.path ->> 'device');
  _limit  constant int := page_limit(_call);
  _before constant timestamptz := coalesce((cursor_decode(_call.params ->> 'cursor') ->> 0)::timestamptz, 'infinity');
begin
  return (select page(array_agg(json_build_object('at', v.at, 'software_type', v.software_type,
                                                  'software_version', v.software_version, 'hardware_version', v.hardware_version)),
                      array_agg(jsonb_build_array(v.at)), _limit)
            from (select * from device_version v
                   where v.project_id = _device.project_id and v.device_id = _device.device_id and v.at < _before
                   order by v.at desc limit _limit + 1) v);
end $$;
