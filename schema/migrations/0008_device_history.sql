-- Devices that were deleted: when one comes back, its deployments are numbered on from where they ended, as clients
-- remember a number, and one that meant another release may not close the new one.
create table device_gone (
  project_id  int  not null references project on delete cascade,
  device_id   text not null,
  deployments int  not null,
  primary key (project_id, device_id)
);

-- What was deployed to a cohort stays known when the cohort goes: no reference.
alter table deployment drop constraint deployment_cohort_id_fkey;
