-- batched
-- configData: outcome is accepted, unauthorized, no_device or too_many.
-- $1 caller, $2 project, $3 device, $4 mode, $5 data (JSON object)
select i.item, f.outcome
  from (select *
          from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[])
               with ordinality as each_item (caller, project_id, device_id, mode, data, item)
         order by project_id, device_id, item) i -- devices are locked in this order by everybody
 cross join lateral device_report(i.caller, i.project_id, i.device_id, i.mode, i.data::jsonb) as f (outcome)
 order by i.item
