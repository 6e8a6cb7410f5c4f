-- Is this deployment canceling? A null device_id: no such device. A null state: no such deployment.
-- $1 caller, $2 project, $3 device, $4 n
select caller_valid($1, i.project_id, i.device_id) as authorized, d.device_id, x.state
  from (values ($2::int, $3)) as i (project_id, device_id)
  left join device d using (project_id, device_id)
  left join deployment x on x.project_id = d.project_id and x.device_id = d.device_id and x.n = $4::int
