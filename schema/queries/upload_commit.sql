-- The piece of this attempt is on the disk: its bytes count. No row: the claim is no longer ours.
-- $1 id, $2 attempt, $3 bytes received by now, $4 digest state behind them, $5 seconds to keep it
update upload
   set received = $3::bigint, digest_state = $4, expires_at = now() + $5::int * interval '1 second'
 where id = $1 and attempt = $2::bigint
returning extract(epoch from expires_at)::bigint as expires,
          to_char(expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as expires_at
