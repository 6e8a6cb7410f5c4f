-- What pgbench writes, a row a commit, to compare feedback with: a feedback without everything else.
create table commit_yardstick (
  id        bigint      generated always as identity primary key,
  device_id text        not null,
  n         int         not null,
  at        timestamptz not null default clock_timestamp(),
  execution text,
  details   text[]
);
