-- How the operators' API calls the schema: a function api_* for each endpoint, from one request to one reply.
create type api_request as (
  actor  jsonb, -- who asks: kind, name, role, may_change_protected, address, request_id
  path   jsonb, -- parameters of the path
  params jsonb, -- of the query, and if_match
  body   jsonb
);

create type api_reply as (
  body   json,
  etag   text, -- or null
  status int   -- or null: the endpoint's own
);

-- Answers to creations that came with an Idempotency-Key, so that they can be given again.
create table idempotency (
  actor      text        not null,
  key        text        not null,
  request    text        not null, -- digest of what was asked: the same key for something else is refused
  body       json,
  etag       text,
  status     int,
  created_at timestamptz not null default now(),
  primary key (actor, key)
);
create index idempotency_created_at on idempotency (created_at);
