-- batched
-- As device_poll, for a device that tells its facts along. device_id is null when the key is no longer valid.
-- $1 key, $2 project, $3 device, $4 software type, $5 software version or null, $6 hardware version, $7 address
select i.item, p.generation,
       d.device_id, d.cohort_id, d.staged,
       d.software_type, d.software_version, d.hardware_version, d.targeting, d.failures, d.installed_n,
       coalesce(extract(epoch from now() - d.last_seen)::int, 2147483647) as seen_ago
  from (select *
          from unnest($1::int[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
               with ordinality as each_item (key_id, project_id, device_id, type, version, hardware, address, item)
         order by project_id, device_id, item) i
 cross join lateral device_ask(i.key_id, i.project_id, i.device_id, i.type, i.version, i.hardware, i.address) d
  left join project p on p.id = i.project_id
 order by i.item
