-- A device that asks for its release and says in the same breath what it is: GET /releases/latest.
-- Registers it if need be; what has changed counts as a version report. Returns the device as it is then.
create or replace function device_ask(_key int, _project int, _device text, _type text, _version text, _hardware text, _address text)
returns device language plpgsql as $$
declare
  _settings project;
  _row      device;
begin
  if not key_valid(_key) then
    return null;
  end if;
  select * into _row from device d where d.project_id = _project and d.device_id = _device;
  if found and (_row.software_type, _row.hardware_version) is not distinct from (_type, _hardware)
     and _row.software_version is not distinct from coalesce(_version, _row.software_version) and _row.installed_n is null then
    return _row;
  end if;
  if not found then
    insert into device (project_id, device_id, cohort_id, deployments, last_seen)
    select _project, _device, c.id, deployments_before(_project, _device), now() from cohort c where c.project_id = _project and c.is_default
    on conflict do nothing;
    insert into device_info (project_id, device_id, address) values (_project, _device, _address) on conflict do nothing;
  end if;
  select * into _settings from project p where p.id = _project;
  if device_report(_key::text, _project, _device, 'merge', jsonb_strip_nulls(jsonb_build_object(
       _settings.software_type_attributes[1], _type,
       _settings.hardware_version_attributes[1], _hardware,
       _settings.software_version_attributes[1], _version))) = 'too_many' then
    perform fail(409, 'the device has as many attributes as it may have; remove some by configData');
  end if;
  select * into _row from device d where d.project_id = _project and d.device_id = _device;
  return _row;
end $$;
