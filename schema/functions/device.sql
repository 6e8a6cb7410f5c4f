-- What devices say about themselves.

-- The first of `_names` that `_attributes` has.
create or replace function attribute_first(_attributes jsonb, _names text[]) returns text language sql immutable as $$
select _attributes ->> name
  from unnest(_names) with ordinality as each_name(name, place)
 where _attributes ? name
 order by place
 limit 1
$$;

-- Of `_attributes`, those that payloads may test; null: none.
create or replace function attributes_targeting(_attributes jsonb, _names text[]) returns jsonb language sql immutable as $$
select jsonb_object_agg(key, value) from jsonb_each(_attributes) where key = any (_names)
$$;

-- The state that a version report leads to; null: it changes nothing. `_runs`: it is the version that
-- the deployment was to bring; `_news`: the device has not reported it just before.
create or replace function report_state(_state deployment_state, _runs boolean, _news boolean)
returns deployment_state language sql immutable as $$
select (case
  when _state = 'installed' then case when _runs then 'confirmed' else 'rolled_back' end
  when _runs and _news and (is_open(_state) or _state in ('failed', 'rolled_back', 'timed_out')) then 'confirmed'
end)::deployment_state
$$;

create or replace function attributes_changed(_old jsonb, _mode text, _data jsonb) returns jsonb language sql immutable as $$
select case _mode
  when 'remove' then _old - array(select jsonb_object_keys(_data))
  when 'replace' then jsonb_strip_nulls(_data)
  else (_old || jsonb_strip_nulls(_data)) - array(select key from jsonb_each(_data) where value = 'null')
end
$$;

-- The version report decides about the newest deployment, also when its success comes late.
create or replace function deployment_report(_row device, _old_version text) returns void language plpgsql as $$
declare
  _deployment deployment;
  _state      deployment_state;
begin
  select * into _deployment from deployment d
   where d.project_id = _row.project_id and d.device_id = _row.device_id and d.n = _row.deployments;
  if not found then
    return;
  end if;
  _state := report_state(_deployment.state, deployment_runs(_deployment, _row.software_type, _row.software_version),
                         _row.software_version is distinct from _old_version);
  if _state is null then
    return;
  end if;
  perform event_note(_deployment, 'gateway', null, null, null,
                     array[format('The device reports version %s: %s.', _row.software_version, replace(_state::text, '_', ' '))]);
  perform deployment_enter(_deployment, _state, _state = 'rolled_back');
end $$;

-- configData. Outcome: accepted, unauthorized, no_device or too_many.
create or replace function device_report(_key int, _project int, _device text, _mode text, _data jsonb)
returns text language plpgsql as $$
declare
  _max constant int := 100; -- attributes of a device, as in hawkBit
  _row        device;
  _settings   project;
  _before     jsonb;
  _attributes jsonb;
  _version    text;
  _old        device;
begin
  if not key_valid(_key) then
    return 'unauthorized';
  end if;
  select * into _old from device d where d.project_id = _project and d.device_id = _device for no key update;
  if not found then
    return 'no_device';
  end if;
  select attributes into _before from device_info i where i.project_id = _project and i.device_id = _device;
  _attributes := attributes_changed(_before, _mode, _data);
  if (select count(*) from jsonb_object_keys(_attributes)) > greatest(_max, (select count(*) from jsonb_object_keys(_before))) then
    return 'too_many';
  end if;
  if _attributes is distinct from _before then
    update device_info i set attributes = _attributes where i.project_id = _project and i.device_id = _device;
  end if;

  select * into _settings from project p where p.id = _project;
  _version := attribute_first(_attributes, _settings.software_version_attributes);
  if _settings.trust_feedback
     and _version is not distinct from attribute_first(_before, _settings.software_version_attributes) then
    _version := _old.software_version; -- no news: what its feedback said still holds
  end if;
  update device d
     set wants_attributes = false,
         software_type = attribute_first(_attributes, _settings.software_type_attributes),
         software_version = _version,
         hardware_version = attribute_first(_attributes, _settings.hardware_version_attributes),
         targeting = attributes_targeting(_attributes, _settings.targeting_attributes)
   where d.project_id = _project and d.device_id = _device
  returning d.* into _row;
  if (_row.software_type, _row.software_version, _row.hardware_version)
     is distinct from (_old.software_type, _old.software_version, _old.hardware_version) then
    insert into device_version (project_id, device_id, software_type, software_version, hardware_version)
    values (_project, _device, _row.software_type, _row.software_version, _row.hardware_version);
  end if;
  if _mode <> 'remove' and _row.software_version is not null
     and attribute_first(_data, _settings.software_version_attributes) is not null then
    perform deployment_report(_row, _old.software_version);
  end if;
  return 'accepted';
end $$;
