-- What was counted at each full hour: versions, states of deployments, devices seen.
create table statistic (
  project_id int         not null references project on delete cascade,
  kind       text        not null check (kind in ('versions', 'deployments', 'seen')),
  at         timestamptz not null,
  counts     jsonb       not null, -- {"1.1.0": 420}
  primary key (project_id, kind, at)
);
create index statistic_at on statistic (at);
