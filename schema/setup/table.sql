-- What has been applied. Made before the first migration.
create table if not exists schema_migration (
  kind       text        not null check (kind in ('migration', 'function')),
  name       text        not null, -- of the file in schema/migrations or schema/functions
  checksum   text        not null check (checksum ~ '^[0-9a-f]{64}$'), -- SHA-256 of its text
  applied_at timestamptz not null default now(),
  primary key (kind, name)
)
