-- Counters kept by triggers. Every change is a row of its own, so devices never wait for each other;
-- counters_fold() adds the rows up now and then, and readers add what has not been folded yet.

create or replace function device_counted() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then
    insert into fleet_change (project_id, cohort_id, software_type, software_version, hardware_version, staged, targeting, devices)
    values (old.project_id, old.cohort_id, old.software_type, old.software_version, old.hardware_version, old.staged, old.targeting, -1);
  end if;
  if tg_op <> 'DELETE' then
    insert into fleet_change (project_id, cohort_id, software_type, software_version, hardware_version, staged, targeting, devices)
    values (new.project_id, new.cohort_id, new.software_type, new.software_version, new.hardware_version, new.staged, new.targeting, 1);
  end if;
  return null;
end $$;
create or replace trigger device_counted after insert or delete on device
  for each row execute function device_counted();
-- Not for last_seen and the like: a poll must stay cheap. Not for devices_regroup(), which counts itself.
create or replace trigger device_recounted
  after update of cohort_id, software_type, software_version, hardware_version, staged, targeting on device
  for each row when ((old.cohort_id, old.software_type, old.software_version, old.hardware_version, old.staged, old.targeting)
    is distinct from (new.cohort_id, new.software_type, new.software_version, new.hardware_version, new.staged, new.targeting)
    and current_setting('mews.counted', true) is distinct from 'yes')
  execute function device_counted();

-- Many devices, which the caller has locked, at once: into a cohort (null: they stay where they are),
-- marked as staged or not. Counted by group instead of by device.
create or replace function devices_regroup(_project int, _devices text[], _cohort int, _staged boolean) returns void
language plpgsql as $$
begin
  insert into fleet_change (project_id, cohort_id, software_type, software_version, hardware_version, staged, targeting, devices)
  select g.project_id, c.cohort_id, g.software_type, g.software_version, g.hardware_version, c.staged, g.targeting, c.sign * g.devices
    from (select d.project_id, d.cohort_id, d.software_type, d.software_version, d.hardware_version, d.staged, d.targeting,
                 count(*)::int as devices
            from unnest(_devices) as given (id)
            join device d on d.project_id = _project and d.device_id = given.id
           group by 1, 2, 3, 4, 5, 6, 7) g
   cross join lateral (values (-1, g.cohort_id, g.staged), (1, coalesce(_cohort, g.cohort_id), _staged)) c (sign, cohort_id, staged);
  perform set_config('mews.counted', 'yes', true);
  update device d
     set cohort_id = coalesce(_cohort, d.cohort_id), staged = _staged
    from unnest(_devices) as given (id)
   where d.project_id = _project and d.device_id = given.id;
  perform set_config('mews.counted', '', true);
end $$;

create or replace function deployment_counted() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then
    insert into deployment_change (project_id, release_id, cohort_id, state, count)
    values (old.project_id, old.release_id, old.cohort_id, old.state, -1);
  end if;
  if tg_op <> 'DELETE' then
    insert into deployment_change (project_id, release_id, cohort_id, state, count)
    values (new.project_id, new.release_id, new.cohort_id, new.state, 1);
  end if;
  return null;
end $$;
create or replace trigger deployment_counted after insert or delete on deployment
  for each row execute function deployment_counted();
create or replace trigger deployment_recounted after update of state on deployment
  for each row when (old.state is distinct from new.state)
  execute function deployment_counted();

-- Housekeeping; whoever comes while another one folds has nothing to do.
create or replace function counters_fold() returns void language plpgsql as $$
declare
  _last bigint; -- so that the plan, made when the table was small, is good for a large one
begin
  if not pg_try_advisory_xact_lock(hashtext('mews.counters_fold')) then
    return;
  end if;
  select max(id) into _last from (select id from fleet_change order by id limit 50000) first;
  with taken as (
    delete from fleet_change
     where id <= _last
    returning *
  )
  insert into fleet (project_id, cohort_id, software_type, software_version, hardware_version, staged, targeting, devices)
  select t.project_id, t.cohort_id, t.software_type, t.software_version, t.hardware_version, t.staged, t.targeting, sum(t.devices)
    from taken t
    join cohort c on c.id = t.cohort_id -- the changes of a deleted cohort go with it
   group by 1, 2, 3, 4, 5, 6, 7
  having sum(t.devices) <> 0
  on conflict (project_id, cohort_id, software_version, hardware_version, software_type, staged, targeting)
  do update set devices = fleet.devices + excluded.devices;
  delete from fleet where devices = 0;

  select max(id) into _last from (select id from deployment_change order by id limit 50000) first;
  with taken as (
    delete from deployment_change
     where id <= _last
    returning *
  ), summed as (
    select t.project_id, t.release_id, t.cohort_id, t.state, sum(t.count) as count
      from taken t
      join release r on r.id = t.release_id
      join cohort c on c.id = t.cohort_id
     group by 1, 2, 3, 4
    having sum(t.count) <> 0
  ), over_time as (
    insert into deployment_hour (release_id, cohort_id, state, at, change)
    select s.release_id, s.cohort_id, s.state, date_trunc('hour', now()), s.count from summed s
    on conflict (release_id, at, cohort_id, state) do update set change = deployment_hour.change + excluded.change
  )
  insert into deployment_count (project_id, release_id, cohort_id, state, count)
  select s.project_id, s.release_id, s.cohort_id, s.state, s.count
    from summed s
  on conflict (project_id, release_id, cohort_id, state)
  do update set count = deployment_count.count + excluded.count;
end $$;

-- What readers see: folded or not.
create or replace view fleet_now as
select project_id, cohort_id, software_type, software_version, hardware_version, staged, targeting, sum(devices)::bigint as devices
  from (select project_id, cohort_id, software_type, software_version, hardware_version, staged, targeting, devices
          from fleet
        union all
        select project_id, cohort_id, software_type, software_version, hardware_version, staged, targeting, devices
          from fleet_change) each_change
 group by 1, 2, 3, 4, 5, 6, 7
having sum(devices) <> 0;

create or replace view deployment_count_now as
select project_id, release_id, cohort_id, state, sum(count)::bigint as count
  from (select project_id, release_id, cohort_id, state, count from deployment_count
        union all
        select project_id, release_id, cohort_id, state, count from deployment_change) each_change
 group by 1, 2, 3, 4
having sum(count) <> 0;
