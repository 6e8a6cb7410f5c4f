-- batched
-- First contact: the device exists after this. No rows.
-- $1 project, $2 device, $3 address
with new as (
  insert into device (project_id, device_id, cohort_id, deployments, last_seen)
  select distinct i.project_id, i.device_id, c.id, deployments_before(i.project_id, i.device_id), now()
    from unnest($1::int[], $2::text[]) as i (project_id, device_id)
    join cohort c on c.project_id = i.project_id and c.is_default
   order by 1, 2
  on conflict do nothing
  returning project_id, device_id
)
insert into device_info (project_id, device_id, address)
select new.project_id, new.device_id, min(i.address)
  from new
  join unnest($1::int[], $2::text[], $3::text[]) as i (project_id, device_id, address) using (project_id, device_id)
 group by 1, 2
