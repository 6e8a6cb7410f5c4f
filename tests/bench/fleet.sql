-- A fleet of project `default`, last seen an hour ago, with nothing to install: polls find it up to date. Ids are in no
-- order. Two thirds are in the default cohort, the others at twenty sites; one in ten has a history, the last by number.
-- %(devices)s, %(version)s, %(hardware)s
set local session_replication_role = replica; -- no triggers: the counters are set in one go
set local maintenance_work_mem = '1GB';
set local work_mem = '256MB';

-- Indexes of millions of rows are built in a fraction of the time that single entries take.
create temporary table bench_index on commit drop as
select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
  from pg_index
 where indrelid in ('device'::regclass, 'device_info'::regclass, 'deployment'::regclass) and not indisprimary;
do $$
declare
  _name text;
begin
  for _name in select name from bench_index loop
    execute 'drop index ' || _name;
  end loop;
end $$;

insert into cohort (project_id, slug)
select p.id, 'site-' || i
  from project p
 cross join generate_series(1, 20) i;

create temporary table bench_device on commit drop as
select i, 'unit-' || lpad(to_hex(mod(i * 2654435761, 4294967296)), 8, '0') as device_id
  from generate_series(0::bigint, %(devices)s - 1) i;

-- Versions with a fourth number are higher than the release.
insert into device (project_id, device_id, cohort_id, wants_attributes, software_type, software_version, hardware_version, last_seen)
select p.id, b.device_id, c.ids[1 + greatest(0, b.i %% 63 - 42)], false,
       'main', %(version)s || case when b.i %% 5 = 0 then '.' || b.i %% 7 else '' end,
       %(hardware)s || case when b.i %% 4 = 0 then '-b' else '' end, now() - interval '1 hour'
  from bench_device b
 cross join project p
 cross join lateral (select array_agg(id order by not is_default, id) as ids from cohort where project_id = p.id) c;

insert into device_info (project_id, device_id, address, attributes)
select d.project_id, d.device_id, '127.0.0.1',
       jsonb_build_object('current_version', d.software_version, 'hardware_version', d.hardware_version,
                          'software_type', d.software_type, 'serial', d.device_id)
  from device d;

insert into fleet (project_id, cohort_id, software_type, software_version, hardware_version, staged, targeting, devices)
select project_id, cohort_id, software_type, software_version, hardware_version, staged, targeting, count(*)
  from device
 group by 1, 2, 3, 4, 5, 6, 7;

-- A first attempt at the release, one in seven of which failed, and a second one that did not.
insert into deployment (project_id, device_id, n, release_id, activation_id, payload_id, cohort_id, from_version, attempt,
                        state, revision, events, created_at, changed_at, closed_at)
select v.project_id, b.device_id, n, v.release_id, v.id, y.id, v.cohort_id, '1.0.0', n,
       case when n = 1 and b.i %% 7 = 0 then 'failed' else 'confirmed' end::deployment_state, 7, 3, a.at, a.at, a.at
  from activation v
  join payload y on y.release_id = v.release_id
 cross join bench_device b
 cross join generate_series(1, 2) n
 cross join lateral (select now() - (3 - n) * interval '40 days' + b.i * interval '0.2 seconds' as at) a
 where b.i >= %(devices)s * 9 / 10;

insert into event (project_id, device_id, n, seq, at, source, details)
select x.project_id, x.device_id, x.n, seq, x.created_at, 'device', array['Installing Update Chunk Artifacts.']
  from deployment x
 cross join generate_series(1, 3) seq;

insert into deployment_count (project_id, release_id, cohort_id, state, count)
select project_id, release_id, cohort_id, state, count(*)
  from deployment
 group by 1, 2, 3, 4;

update device d
   set deployments = 2, finished_n = 2
  from deployment x
 where x.n = 2 and x.project_id = d.project_id and x.device_id = d.device_id;

-- What was counted in the last year.
insert into statistic (project_id, kind, at, counts)
select p.id, k.kind, date_trunc('hour', now()) - h * interval '1 hour', k.counts
  from project p
 cross join generate_series(1, 24 * 365) h
 cross join lateral (values ('versions', statistics_versions(p.id)), ('deployments', statistics_deployments(p.id)),
                            ('seen', jsonb_build_object('hour', %(devices)s, 'day', %(devices)s, 'week', %(devices)s, 'month', %(devices)s))) k (kind, counts);

do $$
declare
  _definition text;
begin
  for _definition in select definition from bench_index loop
    execute _definition;
  end loop;
end $$;
