-- What devices say about themselves.

-- How many deployments a device has had that was deleted: the next one is not numbered again from 1.
create or replace function deployments_before(_project int, _device text) returns int language sql stable as $$
select coalesce((select g.deployments from device_gone g where g.project_id = _project and g.device_id = _device), 0)
$$;

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
  when _runs and _news and (is_open(_state) or _state in ('failed', 'rolled_back', 'timed_out', 'canceled')) then 'confirmed'
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

-- Does what the device was given still fit it? A version that it has not just reported was decided with; the one that it
-- began with is that of a roll-back or of an attempt that goes on.
create or replace function deployment_fits(_deployment deployment, _row device, _old_version text) returns boolean language sql stable as $$
select (_row.software_version is not distinct from _old_version or _row.software_version is not distinct from _deployment.from_version)
   and exists (
         select from payload y
          where y.id = _deployment.payload_id and y.software_type = coalesce(_row.software_type, 'main')
            and _row.hardware_version = any (y.hardware_versions) and coalesce(_row.targeting, '{}') @> y.attributes)
$$;

-- A device that has begun, and now reports that it is another one than the decision was made for (somebody flashed it by
-- hand, say), is asked to cancel; then it is decided anew. One that is only offered follows the rules with the next poll.
create or replace function deployment_recheck(_row device, _old_version text) returns void language plpgsql as $$
declare
  _deployment deployment;
begin
  select * into _deployment from deployment d
   where d.project_id = _row.project_id and d.device_id = _row.device_id and d.n = _row.open_n
     and is_begun(d.state) and not d.cancel_refused;
  if found and not deployment_fits(_deployment, _row, _old_version) then
    perform event_note(_deployment, 'gateway', null, null, null,
                       array['It does not fit what the device reports now: the device is asked to cancel.']);
    perform deployment_enter(_deployment, 'canceling');
  end if;
end $$;

-- A fact about the device, under whichever of `_names` it tells it: what it says now counts before what it said once
-- (all of that is in `_attributes`), and a report that says nothing of it leaves it as it is known.
create or replace function fact_reported(_mode text, _data jsonb, _attributes jsonb, _names text[], _known text) returns text
language sql immutable as $$
select case
  when _mode = 'merge' and not _data ?| _names then _known
  else coalesce(case when _mode <> 'remove' then nullif(attribute_first(jsonb_strip_nulls(_data), _names), '') end,
                nullif(attribute_first(_attributes, _names), '')) end
$$;

-- configData. Outcome: accepted, unauthorized, no_device or too_many.
create or replace function device_report(_caller text, _project int, _device text, _mode text, _data jsonb)
returns text language plpgsql as $$
declare
  _max constant int := 100; -- attributes of a device, as in hawkBit
  _row        device;
  _settings   project;
  _type       text;
  _before     jsonb;
  _attributes jsonb;
  _told       text;
  _version    text;
  _old        device;
begin
  if not caller_valid(_caller, _project, _device) then
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
  _type := fact_reported(_mode, _data, _attributes, _settings.software_type_attributes, _old.software_type);
  _told := case when _mode <> 'remove' then nullif(attribute_first(_data, _settings.software_version_attributes), '') end;
  _version := _told;
  if _told is null and _type is not distinct from _old.software_type
     or _settings.trust_feedback and _told is not distinct from attribute_first(_before, _settings.software_version_attributes) then
    _version := _old.software_version; -- no news: what is known still holds
  end if;
  update device d
     set wants_attributes = false,
         software_type = _type,
         software_version = _version,
         hardware_version = fact_reported(_mode, _data, _attributes, _settings.hardware_version_attributes, _old.hardware_version),
         targeting = attributes_targeting(_attributes, _settings.targeting_attributes)
   where d.project_id = _project and d.device_id = _device
  returning d.* into _row;
  if (_row.software_type, _row.software_version, _row.hardware_version)
     is distinct from (_old.software_type, _old.software_version, _old.hardware_version) then
    insert into device_version (project_id, device_id, software_type, software_version, hardware_version)
    values (_project, _device, _row.software_type, _row.software_version, _row.hardware_version);
  end if;
  if _told is not null then
    perform deployment_report(_row, _old.software_version);
  end if;
  perform deployment_recheck(_row, _old.software_version);
  return 'accepted';
end $$;
