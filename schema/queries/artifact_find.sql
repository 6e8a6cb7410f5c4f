-- A file of a payload, for a device. A null device_id: no such device. A null filename: no such payload.
-- `offered`: the device's open deployment brings it, so it may be downloaded, unless that starts it over.
-- $1 caller, $2 project, $3 device, $4 payload, $5 filename whose download begins or goes on, or null,
-- $6 does it begin at the file's start?
select caller_valid($1, i.project_id, i.device_id) as authorized, d.device_id,
       y.id as payload_id, y.filename, a.sha256, a.sha1, a.md5, a.size,
       extract(epoch from a.created_at)::bigint as created,
       x.n is not null and not s.over as offered,
       exists (select
                 from deployment f
                where f.project_id = d.project_id and f.device_id = d.device_id and f.n = d.finished_n
                  and f.payload_id = y.id) as installed,
       case when s.over then null
            when y.filename = $5 and x.state in ('offered', 'retrieved') and caller_valid($1, i.project_id, i.device_id)
            then deployment_progress(x.project_id, x.device_id, x.n, '{offered,retrieved}', 'downloading', 'Download begins.')::text
            when y.filename = $5 and x.changed_at < now() - interval '1 minute' and caller_valid($1, i.project_id, i.device_id)
            then deployment_alive(x.project_id, x.device_id, x.n)::text -- it goes on with a download
       end as progress
  from (values ($2::int, $3)) as i (project_id, device_id)
  left join device d using (project_id, device_id)
  left join payload y on y.project_id = d.project_id and y.id = $4::bigint
  left join artifact a on a.id = y.artifact_id
  left join (deployment x join activation v on v.id = x.activation_id and (v.pulled_at is null or x.cancel_refused))
         on x.project_id = d.project_id and x.device_id = d.device_id and x.n = d.open_n
        and x.payload_id = y.id and x.state <> 'canceling'
 cross join lateral (
         select case when y.filename = $5 and $6::boolean and x.state = 'installing' and caller_valid($1, i.project_id, i.device_id)
                     then deployment_starts_over(x.project_id, x.device_id, x.n) else false end as over
       ) s
