-- Projects, what they publish, their devices, and what happened between the two.
-- Words: docs/architecture.md. Everything hot is keyed by (project_id, device_id) first.

-- ---- Projects and what decides about their devices: the catalog ----

create table project (
  id                   int     generated always as identity primary key,
  slug                 text    not null unique check (slug ~ '^[a-z0-9][a-z0-9_-]{0,39}$'),
  name                 text    not null default '',
  generation           bigint  not null default 1, -- grows with every change of the catalog
  revision             int     not null default 1, -- grows with every change of the settings below
  version_scheme       text    not null default 'natural' check (version_scheme in ('natural', 'semver')),
  allow_build_metadata boolean not null default false,
  polling_interval     int     not null default 300 check (polling_interval between 1 and 86399), -- s
  retry_attempts       int     not null default 3 check (retry_attempts between 0 and 1000), -- 0: no limit
  retry_backoff        int     not null default 900 check (retry_backoff between 0 and 604800), -- s
  deployment_timeout   int     not null default 86400 check (deployment_timeout between 60 and 31536000), -- s
  trust_feedback       boolean not null default false, -- closed/success is enough, no version report
  -- Names of the attributes that set a device's facts; the first that is there counts.
  software_version_attributes text[] not null default '{current_version,memfault__current_version}',
  hardware_version_attributes text[] not null default '{hardware_version,memfault__hardware_version}',
  software_type_attributes    text[] not null default '{software_type,memfault__software_type}',
  targeting_attributes text[]  not null default '{}', -- further attributes that payloads may test
  signers              text[]  not null default '{}', -- PEM certificates; not empty: .swu must be signed
  url_secret           text    not null default encode(sha256((gen_random_uuid()::text || gen_random_uuid()::text)::bytea), 'hex'),
  created_at           timestamptz not null default now()
);

create table cohort (
  id                int     generated always as identity primary key,
  project_id        int     not null references project on delete cascade,
  slug              text    not null check (slug ~ '^[a-z0-9][a-z0-9_-]{0,39}$'),
  name              text    not null default '',
  revision          int     not null default 1,
  is_default        boolean not null default false, -- new devices join it
  protected         boolean not null default true,
  polling_interval  int     check (polling_interval between 1 and 86399), -- s; null: the project's
  development_mode  boolean not null default false, -- polls every minute
  version_checking  boolean not null default true,
  staged_percent    int     not null default 0 check (staged_percent between 0 and 100),
  created_at        timestamptz not null default now(),
  unique (project_id, slug)
);
create unique index cohort_default on cohort (project_id) where is_default;

create table project_key (
  id         int         generated always as identity primary key,
  project_id int         not null references project on delete cascade,
  name       text        not null default '',
  hash       text        not null unique check (hash ~ '^[0-9a-f]{64}$'), -- SHA-256 of the key
  prefix     text        not null, -- its first characters, to tell keys apart
  cohort_id  int         references cohort, -- overrides the device's cohort
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);
create index project_key_project on project_key (project_id);

create table artifact (
  id         bigint      generated always as identity primary key,
  project_id int         not null references project on delete cascade,
  sha256     text        not null check (sha256 ~ '^[0-9a-f]{64}$'),
  sha1       text        not null check (sha1 ~ '^[0-9a-f]{40}$'),
  md5        text        not null check (md5 ~ '^[0-9a-f]{32}$'),
  size       bigint      not null check (size >= 0),
  filename   text        not null,
  swu        jsonb, -- what a .swu says of itself: version, hardware_compatibility, signed
  created_at timestamptz not null default now(),
  unique (project_id, sha256)
);
create index artifact_newest on artifact (project_id, id);

create table release (
  id                bigint      generated always as identity primary key,
  project_id        int         not null references project on delete cascade,
  version           text        not null,
  version_key       bytea       not null, -- resolver/version.h
  from_version      text, -- a delta [from_version -> version]; null: full
  must_pass_through boolean     not null default false,
  notes             text        not null default '',
  revision          text        not null default '', -- of the source that it was built from
  extra_info        jsonb,
  activated_at      timestamptz, -- immutable from then on, except its notes
  created_at        timestamptz not null default now(),
  unique nulls not distinct (project_id, version, from_version),
  check (from_version is null or not must_pass_through)
);
create index release_newest on release (project_id, id);

create table payload (
  id                bigint      generated always as identity primary key,
  project_id        int         not null references project on delete cascade,
  release_id        bigint      not null references release on delete cascade,
  artifact_id       bigint      not null references artifact,
  filename          text        not null,
  software_type     text        not null default 'main',
  hardware_versions text[]      not null check (cardinality(hardware_versions) > 0),
  attributes        jsonb       not null default '{}',
  extra_info        jsonb,
  created_at        timestamptz not null default now()
);
create index payload_release on payload (release_id);
create index payload_artifact on payload (artifact_id);

create table activation (
  id           bigint      generated always as identity primary key,
  project_id   int         not null references project on delete cascade,
  cohort_id    int         not null references cohort,
  release_id   bigint      not null references release,
  staged       boolean     not null default false,
  activated_by text        not null default '', -- the user; empty for a token
  activated_token text     not null default '', -- the token's name
  created_at   timestamptz not null default now(),
  pulled_at    timestamptz,
  pulled_by    text        not null default '',
  pulled_token text        not null default ''
);
create unique index activation_active on activation (cohort_id, release_id) where pulled_at is null;
create index activation_release on activation (release_id);
create index activation_newest on activation (project_id, id);

-- ---- Devices ----

-- One narrow row is all that a poll reads. last_seen is in no index, so its updates are HOT.
create table device (
  project_id       int     not null,
  device_id        text    not null check (length(device_id) between 1 and 256),
  cohort_id        int     not null references cohort,
  staged           boolean not null default false,
  wants_attributes boolean not null default true, -- the next poll asks for configData
  software_type    text,
  software_version text,
  hardware_version text,
  targeting        jsonb,       -- of its attributes, those that the project targets; null: none
  last_seen        timestamptz, -- exact to the gateway's seen_resolution
  deployments      int     not null default 0, -- how many it has had; the newest one's n
  open_n           int,     -- the deployment that the device is offered or works on
  installed_n      int,     -- the deployment whose version report is awaited
  finished_n       int,     -- the newest that ended well: DDI's installedBase
  failures         jsonb,   -- {"<release id>": [failed attempts, us of the last]}; null: none
  primary key (project_id, device_id)
) with (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05);
create index device_cohort on device (project_id, cohort_id, device_id);
create index device_held on device (project_id, cohort_id) where failures is not null; -- by the retry policy
create index device_software_version on device (project_id, software_version, device_id);

-- What nobody needs for a decision.
create table device_info (
  project_id    int         not null,
  device_id     text        not null,
  attributes    jsonb       not null default '{}',
  nickname      text        not null default '',
  notes         text        not null default '',
  target_token  text, -- SHA-256 of the device's own token, hex
  address       text        not null default '', -- of its first poll
  revision      int         not null default 1,
  created_at    timestamptz not null default now(),
  primary key (project_id, device_id),
  foreign key (project_id, device_id) references device on delete cascade
);
create index device_info_newest on device_info (project_id, created_at, device_id);

-- The versions that a device reported, over time.
create table device_version (
  project_id       int         not null,
  device_id        text        not null,
  at               timestamptz not null default clock_timestamp(),
  software_type    text,
  software_version text,
  hardware_version text,
  primary key (project_id, device_id, at),
  foreign key (project_id, device_id) references device on delete cascade
);

-- ---- Deployments: one attempt of one device at one release ----

-- The transitions: docs/resolver.md, "A deployment's life".
create type deployment_state as enum (
  'offered', 'retrieved', 'downloading', 'downloaded', 'installing', 'rejected', 'canceling', -- open
  'installed', -- closed by the device; its version report is awaited
  'confirmed', 'failed', 'canceled', 'superseded', 'rolled_back', 'timed_out' -- final
);

create table deployment (
  project_id       int              not null,
  device_id        text             not null,
  n                int              not null, -- 1, 2, 3 ... of its device: the DDI action id
  release_id       bigint           not null references release,
  activation_id    bigint           not null references activation,
  payload_id       bigint           not null references payload,
  cohort_id        int              not null references cohort, -- the effective one
  from_version     text, -- what the device ran when it was offered
  attempt          int              not null, -- 1, 2 ... of this device at this release
  state            deployment_state not null default 'offered',
  revision         int              not null default 1, -- grows with every change of state
  state_before     deployment_state, -- of canceling, for the device that refuses
  cancel_refused   boolean          not null default false,
  events           int              not null default 0, -- kept
  folded           int              not null default 0, -- counted only, beyond the quota
  created_at       timestamptz      not null default now(),
  changed_at       timestamptz      not null default now(), -- the device's last sign of life in it
  closed_at        timestamptz,
  primary key (project_id, device_id, n),
  foreign key (project_id, device_id) references device on delete cascade
) with (fillfactor = 80);
create index deployment_newest on deployment (project_id, created_at, device_id, n);
create index deployment_release on deployment (release_id, state);
-- Not of changed_at, so that feedback, which sets it, changes no index.
create index deployment_open on deployment (created_at)
  where state in ('offered', 'retrieved', 'downloading', 'downloaded', 'installing', 'rejected', 'canceling', 'installed');

create table event (
  project_id int         not null,
  device_id  text        not null,
  n          int         not null,
  seq        int         not null, -- 1, 2, 3 ... of its deployment
  at         timestamptz not null default clock_timestamp(),
  source     text        not null check (source in ('device', 'gateway', 'operator')),
  execution  text, -- as the device sent it
  result     text,
  code       int,
  details    text[],
  primary key (project_id, device_id, n, seq),
  foreign key (project_id, device_id, n) references deployment on delete cascade
);

-- ---- Counters, so that no request counts a fleet ----

-- Changes are appended without any row that two devices share; housekeeping folds them into `fleet`.
create table fleet_change (
  id               bigint generated always as identity primary key,
  project_id       int    not null,
  cohort_id        int    not null,
  software_type    text,
  software_version text,
  hardware_version text,
  staged           boolean not null,
  targeting        jsonb,
  devices          int    not null -- +1, -1
);

create table fleet (
  project_id       int    not null references project on delete cascade,
  cohort_id        int    not null references cohort on delete cascade,
  software_type    text,
  software_version text,
  hardware_version text,
  staged           boolean not null,
  targeting        jsonb,
  devices          bigint not null,
  unique nulls not distinct (project_id, cohort_id, software_version, hardware_version, software_type, staged, targeting)
);

create table deployment_change (
  id         bigint           generated always as identity primary key,
  project_id int              not null,
  release_id bigint           not null,
  cohort_id  int              not null,
  state      deployment_state not null,
  count      int              not null
);

create table deployment_count (
  project_id int              not null references project on delete cascade,
  release_id bigint           not null references release on delete cascade,
  cohort_id  int              not null references cohort on delete cascade,
  state      deployment_state not null,
  count      bigint           not null,
  primary key (project_id, release_id, cohort_id, state)
);

-- ---- Operators ----

create table operator (
  id         int         generated always as identity primary key,
  email      text        not null unique check (email = lower(email)),
  name       text        not null default '',
  password   text        not null, -- scrypt, as gateway/password.c writes it
  is_admin   boolean     not null default false, -- of the whole installation
  revision   int         not null default 1,
  created_at timestamptz not null default now()
);

create type project_role as enum ('reader', 'member', 'manager'); -- each may do what those before may

create table operator_role (
  operator_id int          not null references operator on delete cascade,
  project_id  int          not null references project on delete cascade,
  role        project_role not null,
  primary key (operator_id, project_id)
);

create table session (
  hash        text        primary key, -- SHA-256 of the cookie
  operator_id int         not null references operator on delete cascade,
  csrf        text        not null,
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null
);

create table api_token (
  id            int          generated always as identity primary key,
  name          text         not null,
  hash          text         not null unique check (hash ~ '^[0-9a-f]{64}$'), -- SHA-256 of the token
  prefix        text         not null,
  role          text         not null check (role in ('reader', 'member', 'manager', 'admin')),
  project_id    int          references project on delete cascade, -- null: all projects
  may_change_protected boolean not null default false,
  created_by    text         not null default '',
  created_at    timestamptz  not null default now(),
  expires_at    timestamptz,
  revoked_at    timestamptz,
  last_used_at  timestamptz
);

-- Who did what to which thing. Chained: hash covers the entry and the hash before it.
create table audit (
  id          bigint      primary key, -- 1, 2, 3 ... without gaps
  at          timestamptz not null,
  actor_kind  text        not null check (actor_kind in ('user', 'token', 'system')),
  actor       text        not null,
  address     text        not null default '',
  request_id  text        not null default '',
  project     text, -- slug; null: the installation
  action      text        not null, -- release.create, activation.pull ...
  object      text        not null, -- what it was done to
  before      jsonb,
  after       jsonb,
  hash        text        not null
);
create index audit_project on audit (project, id);
create index audit_object on audit (object, id);
