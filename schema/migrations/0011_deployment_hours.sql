-- How the counts of deployment_count changed in each hour, so that they are known over time by release and cohort: what
-- was counted at some time is what is counted now, less what has changed since.
create table deployment_hour (
  release_id bigint           not null references release on delete cascade,
  cohort_id  int              not null references cohort on delete cascade,
  state      deployment_state not null,
  at         timestamptz      not null, -- when the hour began
  change     bigint           not null,
  primary key (release_id, at, cohort_id, state)
);
create index deployment_hour_cohort on deployment_hour (cohort_id, at);
create index deployment_hour_at on deployment_hour (at);
create index deployment_count_cohort on deployment_count (cohort_id);
