-- Is this deployment canceling? No row: no such device. A null state: no such deployment.
-- $1 key, $2 project, $3 device, $4 n
select key_valid($1::int) as authorized, x.state
  from device d
  left join deployment x on x.project_id = d.project_id and x.device_id = d.device_id and x.n = $4::int
 where d.project_id = $2::int and d.device_id = $3
