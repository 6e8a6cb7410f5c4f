-- All that there is to say of a device. No row: no such project. A null cohort_id: no such device.
-- $1 project's slug, $2 device
select p.id as project_id, p.generation, d.cohort_id, d.staged, d.software_type, d.software_version, d.hardware_version,
       d.targeting, d.failures, d.installed_n,
       o.n as open_n, o.state as open_state, to_char(o.changed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as open_changed_at, release_name(r) as open_release,
       device_json(d) as device,
       (select json_agg(json_build_object('at', v.at, 'software_type', v.software_type, 'software_version', v.software_version,
                                          'hardware_version', v.hardware_version) order by v.at desc)
          from (select * from device_version v where v.project_id = d.project_id and v.device_id = d.device_id
                 order by v.at desc limit 100) v) as versions,
       (select json_agg(deployment_story_json(s.x, 100) order by (s.x).n desc)
          from (select x from deployment x where x.project_id = d.project_id and x.device_id = d.device_id
                 order by x.n desc limit 20) s) as deployments
  from project p
  left join device d on d.project_id = p.id and d.device_id = $2
  left join deployment o on o.project_id = d.project_id and o.device_id = d.device_id and o.n = d.open_n
  left join release r on r.id = o.release_id
 where p.slug = $1
