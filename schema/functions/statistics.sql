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

-- Devices that polled within the hour, day, week and month before `_at`. Of a fleet of millions a part is looked at.
drop function if exists statistics_seen(timestamptz); -- counted the hour alone
create or replace function devices_seen(_at timestamptz) returns table (project_id int, counts jsonb) language plpgsql as $$
declare
  _all  constant real := (select greatest(reltuples, 1) from pg_class where oid = 'device'::regclass);
  _part constant real := least(100, 100 * 500000 / _all); -- per cent
begin
  return query
    select s.project_id, jsonb_object_agg(s.step, s.devices)
      from (select d.project_id, p.step, round(count(*) filter (where d.last_seen >= _at - p.length) * 100 / _part)::bigint as devices
              from device d tablesample system (_part)
             cross join (values ('hour', interval '1 hour'), ('day', '1 day'), ('week', '7 days'), ('month', '30 days')) p (step, length)
             where d.last_seen >= _at - interval '30 days'
             group by 1, 2) s
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
    left join devices_seen(now()) s on s.project_id = p.id
   cross join lateral (values ('versions', statistics_versions(p.id)), ('deployments', statistics_deployments(p.id)),
                              ('seen', coalesce(s.counts, '{"hour": 0, "day": 0, "week": 0, "month": 0}'))) k (kind, counts)
  on conflict do nothing;
  delete from statistic where at < _hour - interval '400 days';
  perform deployment_hours_thin(_hour);
end $$;

-- ---- For the API ----

create or replace function statistics_step(_call api_request) returns text language sql immutable as $$
select coalesce(_call.params ->> 'step', 'day')
$$;

-- Of a sample of devices seen those of one step; samples of other kinds as they are.
create or replace function statistics_counts(_kind text, _counts jsonb, _step text) returns jsonb language sql immutable as $$
select case when _kind = 'seen' then jsonb_build_object('devices', coalesce((_counts ->> _step)::bigint, 0)) else _counts end
$$;

create or replace function samples_max() returns int language sql immutable as $$
select 1000
$$;

create or replace function check_samples(_count int) returns void language plpgsql as $$
begin
  if _count > samples_max() then
    perform fail(400, format('these are more than %s samples; choose a larger step, or a shorter time by `since` and `until`',
                             samples_max()), 'step');
  end if;
end $$;

-- One sample per step, the newest of it.
create or replace function statistics_over_time(_call api_request, _kind text) returns json language plpgsql stable as $$
declare
  _project constant project := path_project(_call);
  _step    constant text := statistics_step(_call);
  _samples json;
begin
  select coalesce(json_agg(json_build_object('at', s.at, 'counts', statistics_counts(_kind, s.counts, _step)) order by s.at), '[]')
    into _samples
    from (select distinct on (date_trunc(_step, x.at)) x.at, x.counts
            from statistic x
           where x.project_id = _project.id and x.kind = _kind
             and x.at >= coalesce((_call.params ->> 'since')::timestamptz, now() - interval '30 days')
             and x.at < coalesce((_call.params ->> 'until')::timestamptz, 'infinity')
           order by date_trunc(_step, x.at), x.at desc
           limit samples_max() + 1) s;
  perform check_samples(json_array_length(_samples));
  return _samples;
end $$;

create or replace function statistics_reply(_call api_request, _kind text, _now jsonb) returns api_reply language sql stable as $$
select reply(json_build_object('now', _now, 'over_time', statistics_over_time(_call, _kind)))
$$;

create or replace function api_statistics_versions(_call api_request) returns api_reply language sql stable as $$
select statistics_reply(_call, 'versions', statistics_versions((path_project(_call)).id))
$$;

-- `now` is of the newest sample.
create or replace function api_statistics_seen(_call api_request) returns api_reply language sql stable as $$
select statistics_reply(_call, 'seen', statistics_counts('seen', (
  select x.counts from statistic x
   where x.project_id = (path_project(_call)).id and x.kind = 'seen' order by x.at desc limit 1), statistics_step(_call)))
$$;
