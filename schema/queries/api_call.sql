-- One call of the operators' API: the reply of a function api_*.
-- `replayed`: of an earlier call with the same Idempotency-Key.
-- $1 its name without api_, $2 actor, $3 path, $4 params, $5 body, $6 secret (all JSON), $7 Idempotency-Key or null
select (c.reply).body, (c.reply).etag, (c.reply).status, c.replayed
  from api_call($1, row($2::jsonb, $3::jsonb, $4::jsonb, $5::jsonb, $6::jsonb)::api_request, $7) c
