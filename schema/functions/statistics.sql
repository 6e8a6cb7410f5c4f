-- Statistics over time, from a sample each hour.

-- {"version": devices}; "" stands for devices that have reported none.
create or replace function statistics_versions(_project int) returns jsonb language sql stable as $$
select coalesce(jsonb_object_agg(version, devices), '{}')
  from (select coalesce(f.software_version, '') as version, sum(f.devices)::bigint as devices
          from fleet_now f where f.project_id = _project group by 1) v
$$;

create or replace function statistics_deployments(_project int) returns jsonb language sql stable as $$
select coalesce(jsonb_object_agg(state, count), '{}')
  from (select n.state, sum(n.count)::bigint as count
          from deployment_count_now n where n.project_id = _project group by 1 having sum(n.count) > 0) s
$$;

-- Devices that polled within the hour before `_at`. Of a fleet of millions a part is looked at.
create or replace function statistics_seen(_at timestamptz) returns table (project_id int, devices bigint) language plpgsql as $$
declare
  _all  constant real := (select greatest(reltuples, 1) from pg_class where oid = 'device'::regclass);
  _part constant real := least(100, 100 * 500000 / _all); -- per cent
begin
  return query
    select d.project_id, round(count(*) * 100 / _part)::bigint
      from device d tablesample system (_part)
     where d.last_seen >= _at - interval '1 hour'
     group by 1;
end $$;

create or replace function statistics_sample() returns void language plpgsql as $$
declare
  _hour constant timestamptz := date_trunc('hour', now());
begin
  if exists (select from statistic where at = _hour) or not pg_try_advisory_xact_lock(hashtext('mews.statistics_sample')) then
    return;
  end if;
  insert into statistic (project_id, kind, at, counts)
  select p.id, k.kind, _hour, k.counts
    from project p
    left join statistics_seen(now()) s on s.project_id = p.id
   cross join lateral (values ('versions', statistics_versions(p.id)), ('deployments', statistics_deployments(p.id)),
                              ('seen', jsonb_build_object('devices', coalesce(s.devices, 0)))) k (kind, counts)
  on conflict do nothing;
  delete from statistic where at < _hour - interval '400 days';
  perform deployment_hours_thin(_hour);
end $$;

-- ---- For the API ----

-- One sample per step, the newest of it.
create or replace function statistics_over_time(_project int, _kind text, _params jsonb) returns json language sql stable as $$
select coalesce(json_agg(json_build_object('at', s.at, 'counts', s.counts) order by s.at), '[]')
  from (select distinct on (date_trunc(coalesce(_params ->> 'step', 'day'), x.at)) x.at, x.counts
          from statistic x
         where x.project_id = _project and x.kind = _kind
           and x.at >= coalesce((_params ->> 'since')::timestamptz, now() - interval '30 days')
           and x.at < coalesce((_params ->> 'until')::timestamptz, 'infinity')
         order by date_trunc(coalesce(_params ->> 'step', 'day'), x.at), x.at desc
         limit 1000) s
$$;

create or replace function statistics_reply(_call api_request, _kind text, _now jsonb) returns api_reply language sql stable as $$
select reply(json_build_object('now', _now, 'over_time', statistics_over_time((path_project(_call)).id, _kind, _call.params)))
$$;

create or replace function api_statistics_versions(_call api_request) returns api_reply language sql stable as $$
select statistics_reply(_call, 'versions', statistics_versions((path_project(_call)).id))
$$;

-- `now` is of the hour before the newest sample.
create or replace function api_statistics_seen(_call api_request) returns api_reply language sql stable as $$
select statistics_reply(_call, 'seen', coalesce(
  (select x.counts from statistic x
    where x.project_id = (path_project(_call)).id and x.kind = 'seen' order by x.at desc limit 1), '{}'))
$$;
