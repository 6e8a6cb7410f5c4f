-- batched
-- Feedback to cancelAction: outcome is accepted, unauthorized, no_device, no_deployment or not_canceling.
-- $1 caller, $2 project, $3 device, $4 n, $5 execution, $6 result, $7 code or null, $8 details (JSON array of strings)
select i.item, f.outcome
  from (select *
          from unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::text[], $6::text[], $7::int[], $8::text[])
               with ordinality as each_item (caller, project_id, device_id, n, execution, result, code, details, item)
         order by project_id, device_id, item) i -- devices are locked in this order by everybody
 cross join lateral cancel_feedback_add(i.caller, i.project_id, i.device_id, i.n, i.execution, i.result, i.code,
                                        array(select json_array_elements_text(i.details::json))) as f (outcome)
 order by i.item
