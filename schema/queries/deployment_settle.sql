-- batched
-- Make the device's open deployment fit the decision; the one that it is to be told of, or nulls.
-- $1 project, $2 device, $3 effective cohort, $4 activation or null, $5 payload or null
select i.item, s.n, s.state, s.revision
  from (select *
          from unnest($1::int[], $2::text[], $3::int[], $4::bigint[], $5::bigint[])
               with ordinality as each_item (project_id, device_id, cohort_id, activation_id, payload_id, item)
         order by project_id, device_id, item) i
 cross join lateral deployment_settle(i.project_id, i.device_id, i.cohort_id, i.activation_id, i.payload_id) s
 order by i.item
