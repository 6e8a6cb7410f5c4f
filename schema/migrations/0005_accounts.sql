-- Tokens of several projects and of users, slowed guesses, and the end of the audit chain.
alter table api_token
  drop column project_id,
  add column projects int[], -- ids; null: all, also those to come
  add column operator_id int references operator on delete cascade, -- may what this user may; then no role of its own
  alter role drop not null,
  add constraint api_token_role check ((role is null) = (operator_id is not null));
create index api_token_operator on api_token (operator_id);
create index session_operator on session (operator_id);
create index session_expires_at on session (expires_at);

-- Attempts to log in that have not succeeded (yet).
create table login_attempt (
  kind     text        not null,
  subject  text        not null,
  failures int         not null,
  at       timestamptz not null, -- of the last one
  until    timestamptz not null, -- no other is made before
  primary key (kind, subject)
);
create index login_attempt_at on login_attempt (at);

-- The newest entry of the audit log: without this nobody would notice that entries at the end are gone.
create table audit_head (
  single boolean primary key default true check (single), -- row
  id     bigint  not null,
  hash   text    not null
);
insert into audit_head (id, hash)
select coalesce(max(id), 0), coalesce((array_agg(hash order by id desc))[1], '') from audit;
create index audit_at on audit (at);
