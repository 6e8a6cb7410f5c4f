-- Bytes that a project has given up. When no project has had them for a while, a gateway removes the file, and then this
-- row: gateway/removal.h.
create table artifact_gone (
  sha256  text        primary key,
  gone_at timestamptz not null -- from the last project that did
);
create index artifact_gone_at on artifact_gone (gone_at);
create index artifact_sha256 on artifact (sha256);
