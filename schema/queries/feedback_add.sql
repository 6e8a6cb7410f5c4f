-- batched
-- Feedback to deploymentBase: outcome is accepted, unauthorized, no_device or no_deployment.
-- $1 caller, $2 project, $3 device, $4 n, $5 execution, $6 result, $7 code or null, $8 details (JSON array of strings)
select f.item, f.outcome
  from feedback_add_all($1::text[], $2::int[], $3::text[], $4::int[], $5::text[], $6::text[], $7::int[], $8::text[]) f
 order by f.item
