-- A cohort's devices as counted groups, equal facts side by side; held: by the retry policy, at a release
-- that is active there. No row: no such project. A null cohort_id: no such cohort. A null devices: it is empty.
-- $1 project's slug, $2 cohort's slug, $3 releases that a what-if assumes (JSON array of VERSION or FROM..VERSION)
with asked as (
  select p.id as project_id, p.generation, p.retry_attempts, p.retry_backoff, c.id as cohort_id
    from project p
    left join cohort c on c.project_id = p.id and c.slug = $2
   where p.slug = $1
), failing as (
  select d.device_id,
         bool_or(a.retry_attempts > 0 and (f.value ->> 0)::int >= a.retry_attempts) as exhausted,
         bool_or(to_timestamp((f.value ->> 1)::float8 / 1e6)
                 + least(a.retry_backoff * power(2, (f.value ->> 0)::int - 1), 1e9) * interval '1 second' > now()) as waiting
    from asked a
    join device d on d.project_id = a.project_id and d.cohort_id = a.cohort_id and d.failures is not null
   cross join lateral jsonb_each(d.failures) f
    join activation v on v.cohort_id = a.cohort_id and v.pulled_at is null and v.release_id = f.key::bigint
   group by 1
), held as (
  select count(*) filter (where exhausted) as exhausted, count(*) filter (where waiting and not exhausted) as waiting
    from failing
)
select a.generation, a.cohort_id, h.exhausted, h.waiting,
       (select json_agg(catalog_release(r.id))
          from release r
         where r.project_id = a.project_id
           and release_name(r) in (select json_array_elements_text($3::json))) as assumed,
       g.software_type, g.software_version, g.hardware_version, g.staged, g.targeting, g.devices,
       null as failures, null as installed_n -- gateway/facts.h; how single devices get on is not in the matrix
  from asked a
 cross join held h
  left join fleet_now g on g.project_id = a.project_id and g.cohort_id = a.cohort_id
 order by g.software_version, g.software_type, g.hardware_version, g.targeting, g.staged
