-- batched
-- What a poll needs, all from one snapshot. A row per item; device_id is null for an unknown device.
-- `authorized`: whoever shows a token shows the device's own one.
-- $1 project, $2 device, $3 SHA-256 of a target token, or null
select i.item, p.generation,
       i.token is null or i.token = (select t.target_token from device_info t
                                      where t.project_id = i.project_id and t.device_id = i.device_id) as authorized,
       d.device_id, d.cohort_id, d.staged, d.wants_attributes,
       d.software_type, d.software_version, d.hardware_version, d.targeting, d.failures,
       coalesce(extract(epoch from now() - d.last_seen)::int, 2147483647) as seen_ago,
       d.installed_n, d.finished_n,
       o.n as open_n, o.state as open_state, o.revision as open_revision,
       o.activation_id as open_activation, o.cancel_refused
  from unnest($1::int[], $2::text[], $3::text[]) with ordinality as i (project_id, device_id, token, item)
  left join project p on p.id = i.project_id
  left join device d on d.project_id = i.project_id and d.device_id = i.device_id
  left join deployment o on o.project_id = d.project_id and o.device_id = d.device_id and o.n = d.open_n
 order by i.item
