-- Housekeeping: files that no project has had for an hour, the oldest first. Each may be removed unless it was written
-- to since `before` (seconds since 1970). What a project has again is not asked about any more.
with old as (
  select g.sha256
    from artifact_gone g
   where g.gone_at < now() - interval '1 hour'
   order by g.gone_at
   limit 20 -- a large file takes its time
), back as (
  delete from artifact_gone g
   using old o
   where g.sha256 = o.sha256 and g.gone_at < now() - interval '1 hour'
     and exists (select from artifact a where a.sha256 = g.sha256)
)
select o.sha256, extract(epoch from now() - interval '1 hour')::bigint as before
  from old o
 where not exists (select from artifact a where a.sha256 = o.sha256)
