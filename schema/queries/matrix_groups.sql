-- A cohort's devices as counted groups, equal facts side by side. Those whose attempts failed at a release
-- that is active there, or that is assumed to be, come once more, with the failures that hold them back.
-- No row: no such project. A null cohort_id: no such cohort. A null devices: it is empty.
-- $1 project's slug, $2 cohort's slug, $3 releases that a what-if assumes (JSON array of VERSION or FROM..VERSION)
with asked as (
  select p.id as project_id, p.generation, p.retry_attempts, p.retry_backoff, c.id as cohort_id
    from project p
    left join cohort c on c.project_id = p.id and c.slug = $2
   where p.slug = $1
), assumed as (
  select r.id
    from asked a
    join release r on r.project_id = a.project_id
   where release_name(r) in (select json_array_elements_text($3::json))
), eligible as (
  select v.release_id as id from asked a join activation v on v.cohort_id = a.cohort_id and v.pulled_at is null
  union
  select id from assumed
), held as ( -- made alike, so that they are few groups: out of attempts, or in the middle of a back-off
  select d.software_type, d.software_version, d.hardware_version, d.staged, d.targeting,
         (select jsonb_object_agg(f.key, case when f.failed >= a.retry_attempts and a.retry_attempts > 0
                                              then jsonb_build_array(a.retry_attempts, 0)
                                              else jsonb_build_array(1, (extract(epoch from now()) * 1000000)::bigint) end)
            from (select each.key, (each.value ->> 0)::int as failed, to_timestamp((each.value ->> 1)::float8 / 1e6) as at,
                         least(a.retry_backoff * power(2, least((each.value ->> 0)::int - 1, 40)), greatest(a.retry_backoff, 86400))
                           * interval '1 second' as wait
                    from jsonb_each(d.failures) each) f
           where f.key::bigint in (select id from eligible)
             and (f.failed >= a.retry_attempts and a.retry_attempts > 0
                  or now() between f.at - f.wait and f.at + f.wait)) as failures
    from asked a
    join device d on d.project_id = a.project_id and d.cohort_id = a.cohort_id and d.failures is not null
), counted as (
  select g.software_type, g.software_version, g.hardware_version, g.staged, g.targeting, g.devices, null::jsonb as failures
    from fleet_now g -- not joined: the view would count all cohorts first
   where g.project_id = (select project_id from asked) and g.cohort_id = (select cohort_id from asked)
  union all
  select software_type, software_version, hardware_version, staged, targeting, count(*), failures
    from held
   where failures is not null
   group by 1, 2, 3, 4, 5, 7
)
select a.project_id, a.generation, a.cohort_id,
       (select json_agg(catalog_release(r.id)::jsonb || jsonb_build_object('problem', activation_problem(p, r)))
          from assumed join release r using (id) join project p on p.id = r.project_id) as assumed,
       g.software_type, g.software_version, g.hardware_version, g.staged, g.targeting, g.failures, g.devices,
       null as installed_n -- gateway/facts.h; how single devices get on is not in the matrix
  from asked a
  left join counted g on true
 order by g.software_version, g.software_type, g.hardware_version, g.targeting, g.staged
