-- What lists and searches need in a large fleet. Nothing here is touched by a poll.
create extension if not exists pg_trgm; -- "trusted": the owner of the database may create it

-- The devices of a cell of the version matrix.
create index device_group on device (project_id, cohort_id, software_version, device_id);

-- Any part of an id or a nickname.
create index device_info_search on device_info using gin (lower(device_id || ' ' || nickname) gin_trgm_ops);

-- The deployments of a release, newest first; counts of their states are in deployment_count.
drop index deployment_release;
create index deployment_release on deployment (release_id, created_at, device_id, n);
-- Those that somebody should look at, however rare.
create index deployment_trouble on deployment (project_id, state, created_at, device_id, n)
  where state in ('rejected', 'canceling', 'failed', 'canceled', 'rolled_back', 'timed_out');

-- A cohort may go, what was active in it stays known.
alter table activation
  alter cohort_id drop not null,
  drop constraint activation_cohort_id_fkey,
  add constraint activation_cohort_id_fkey foreign key (cohort_id) references cohort on delete set null;
create index activation_cohort on activation (cohort_id);

-- What a call may not leave anywhere: hashes of new keys, tokens and passwords.
alter type api_request add attribute secret jsonb;
