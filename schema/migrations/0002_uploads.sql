-- Files on their way into the store. Times out at expires_at; nobody sees the row from then on.
create table upload (
  id              text        primary key check (id ~ '^[0-9a-f]{32}$'), -- names the file in the store, too
  project_id      int         not null references project on delete cascade,
  filename        text        not null,
  metadata        text        not null, -- Upload-Metadata as the client sent it: HEAD repeats it
  size            bigint      not null check (size >= 0),
  received        bigint      not null default 0 check (received between 0 and size),
  digest_state    text        not null, -- of the first `received` bytes; gateway/digest.c
  expected_sha256 text        check (expected_sha256 ~ '^[0-9a-f]{64}$'),
  attempt         bigint      not null default 1, -- only the newest claim may commit its piece
  artifact_id     bigint      references artifact on delete cascade, -- set when the file is stored
  created_at      timestamptz not null default now(),
  expires_at      timestamptz not null
);

create index upload_expires_at on upload (expires_at);
create index upload_artifact_id on upload (artifact_id);
