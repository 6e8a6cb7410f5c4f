-- A fleet of project `default` whose devices run what they should, last seen an hour ago. Their ids
-- are in no order. %(devices)s, %(version)s, %(hardware)s
set session_replication_role = replica; -- no triggers: the counters are set in one go

insert into device (project_id, device_id, cohort_id, wants_attributes, software_type, software_version, hardware_version, last_seen)
select c.project_id, 'unit-' || lpad(to_hex(mod(i * 2654435761, 4294967296)), 8, '0'), c.id, false,
       'main', %(version)s, %(hardware)s, now() - interval '1 hour'
  from cohort c
 cross join generate_series(0::bigint, %(devices)s - 1) i
 where c.is_default;

insert into device_info (project_id, device_id, address, attributes)
select d.project_id, d.device_id, '127.0.0.1',
       jsonb_build_object('current_version', d.software_version, 'hardware_version', d.hardware_version,
                          'software_type', d.software_type, 'serial', d.device_id)
  from device d;

insert into fleet (project_id, cohort_id, software_type, software_version, hardware_version, staged, targeting, devices)
select project_id, cohort_id, software_type, software_version, hardware_version, staged, targeting, count(*)
  from device
 group by 1, 2, 3, 4, 5, 6, 7;

set session_replication_role = origin;
