-- How far is this upload? Zero or one row.
-- $1 project, $2 id
select u.filename, u.metadata, u.size, u.received, u.digest_state, u.expected_sha256,
       u.artifact_id is not null as stored,
       extract(epoch from u.expires_at)::bigint as expires,
       to_char(u.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
       to_char(u.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as expires_at
  from upload u
  join project p on p.id = u.project_id
 where p.slug = $1 and u.id = $2 and u.expires_at > now()
