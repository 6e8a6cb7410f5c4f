-- The first devices of the fleet, which have no history, have downloaded deployment 1, of the only activation. %(count)s
set local session_replication_role = replica;

insert into deployment (project_id, device_id, n, release_id, activation_id, payload_id, cohort_id, from_version, attempt, state, revision, events)
select v.project_id, 'unit-' || lpad(to_hex(mod(i * 2654435761, 4294967296)), 8, '0'), 1, v.release_id, v.id, y.id,
       v.cohort_id, '1.0.0', 1, 'downloaded', 4, 1
  from activation v
  join payload y on y.release_id = v.release_id
 cross join generate_series(0::bigint, %(count)s - 1) i;

insert into event (project_id, device_id, n, seq, source, details)
select project_id, device_id, 1, 1, 'gateway', array['Offered to the device.']
  from deployment
 where state = 'downloaded';

update device d
   set deployments = 1, open_n = 1
  from deployment x
 where x.state = 'downloaded' and x.project_id = d.project_id and x.device_id = d.device_id;

insert into deployment_count (project_id, release_id, cohort_id, state, count)
select project_id, release_id, cohort_id, state, count(*)
  from deployment
 where state = 'downloaded'
 group by 1, 2, 3, 4;
