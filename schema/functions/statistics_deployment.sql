-- Deployments of a release, of a cohort, or of both, by state: now and over time. `_which` is a condition on release_id and
-- cohort_id that the indexes of the counters know.

create or replace function deployments_now(_which text) returns jsonb language plpgsql stable as $$
declare
  _counts jsonb;
begin
  execute format('select coalesce(jsonb_object_agg(state, count), ''{}'')'
                 '  from (select state, sum(count)::bigint as count from deployment_count_now where %s group by 1 having sum(count) > 0) s',
                 _which) into _counts;
  return _counts;
end $$;

-- The newest full hour of each step, from the first that something is known of.
create or replace function deployment_points(_first timestamptz, _params jsonb) returns setof timestamptz language sql stable as $$
select p.at
  from (select coalesce(_params ->> 'step', 'day') as step,
               coalesce((_params ->> 'since')::timestamptz, now() - interval '30 days') as since,
               least((_params ->> 'until')::timestamptz, now()) as until) asked
 cross join lateral generate_series(date_trunc(step, greatest(since, _first)), until, ('1 ' || step)::interval) begun
 cross join lateral (select least(begun + ('1 ' || step)::interval - interval '1 hour',
                                  date_trunc('hour', until - interval '1 microsecond')) as at) p
 where p.at > _first and p.at >= since
 order by 1 limit samples_max() + 1
$$;

create or replace function deployments_over_time(_which text, _params jsonb) returns json language plpgsql stable as $$
declare
  _first  timestamptz;
  _points timestamptz[];
  _counts json;
begin
  execute format('select min(at) from deployment_hour where %s', _which) into _first;
  if _first is null then
    return '[]';
  end if;
  _points := array(select deployment_points(_first, _params));
  perform check_samples(cardinality(_points));
  execute format($sql$
    with state_now as (
      select state, sum(count) as count from deployment_count where %1$s group by 1 -- as far as the hours go
    ), step as (
      select at, state, change, false as is_point from deployment_hour where %1$s and at >= $1[1]
       union all
      select point.at, s.state, 0, true from unnest($1) point (at) cross join state_now s
    ), since as ( -- each point comes with all that changed in its hour or later
      select at, state, is_point, sum(change) over (partition by state order by at desc) as change from step
    ), counted as (
      select s.at, jsonb_object_agg(s.state, n.count - s.change) filter (where n.count > s.change) as counts
        from since s join state_now n using (state)
       where s.is_point
       group by 1
    )
    select json_agg(json_build_object('at', at, 'counts', coalesce(counts, '{}')) order by at) from counted
    $sql$, _which) into _counts using _points;
  return coalesce(_counts, '[]');
end $$;

create or replace function api_statistics_deployments(_call api_request) returns api_reply language plpgsql stable as $$
declare
  _project constant project := path_project(_call);
  _release release;
  _cohort  cohort;
  _which   text;
begin
  if _call.params ? 'release' then
    _release := find_release(_project, _call.params ->> 'release', 400, 'release');
  end if;
  if _call.params ? 'cohort' then
    _cohort := find_cohort(_project, _call.params ->> 'cohort', 400, 'cohort');
  end if;
  _which := concat_ws(' and ', 'release_id = ' || _release.id, 'cohort_id = ' || _cohort.id);
  if _which = '' then
    return statistics_reply(_call, 'deployments', statistics_deployments(_project.id));
  end if;
  return reply(json_build_object('now', deployments_now(_which), 'over_time', deployments_over_time(_which, _call.params)));
end $$;

-- Housekeeping, once an hour: single hours for a month, days for 400 days, so that a long rollout stays fast to read.
create or replace function deployment_hours_thin(_hour timestamptz) returns void language sql as $$
with hours as (
  delete from deployment_hour
   where at < date_trunc('day', _hour - interval '31 days', 'UTC') and at >= date_trunc('day', _hour - interval '38 days', 'UTC')
     and at <> date_trunc('day', at, 'UTC')
  returning *
)
insert into deployment_hour (release_id, cohort_id, state, at, change)
select h.release_id, h.cohort_id, h.state, date_trunc('day', h.at, 'UTC'), sum(h.change)
  from hours h
 group by 1, 2, 3, 4
on conflict (release_id, at, cohort_id, state) do update set change = deployment_hour.change + excluded.change;
delete from deployment_hour where at < _hour - interval '400 days';
$$;
