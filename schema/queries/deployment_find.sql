-- A deployment as its device sees it; one that is offered counts as retrieved from now on. `state` is
-- that before. `pulled`: not to be shown any more, unless the device has refused to cancel.
-- A null device_id: no such device. A null state: no such deployment.
-- $1 caller, $2 project, $3 device, $4 n, $5 how many messages of its history
select caller_valid($1, i.project_id, i.device_id) as authorized, d.device_id,
       x.state, v.pulled_at is not null and not x.cancel_refused as pulled,
       r.version, y.id as payload_id, y.software_type, y.filename, a.sha256, a.sha1, a.md5, a.size,
       (select json_agg(m.message)
          from (select u.message
                  from event e
                 cross join unnest(e.details) with ordinality as u (message, place)
                 where e.project_id = x.project_id and e.device_id = x.device_id and e.n = x.n
                   and (e.source = 'device' or e.seq = 1)
                 order by e.seq desc, u.place
                 limit $5::int) m) as messages,
       case when x.state = 'offered' and v.pulled_at is null and caller_valid($1, i.project_id, i.device_id)
            then deployment_progress(x.project_id, x.device_id, x.n, '{offered}', 'retrieved', 'Retrieved by the device.')::text
       end as progress
  from (values ($2::int, $3)) as i (project_id, device_id)
  left join device d using (project_id, device_id)
  left join deployment x on x.project_id = d.project_id and x.device_id = d.device_id and x.n = $4::int
  left join activation v on v.id = x.activation_id
  left join release r on r.id = x.release_id
  left join payload y on y.id = x.payload_id
  left join artifact a on a.id = y.artifact_id
