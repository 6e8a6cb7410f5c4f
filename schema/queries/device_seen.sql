-- batched
-- These devices have polled. May be lost in a crash, so nobody waits for the disk; a device that is busy
-- is seen next time, so nobody waits for a lock either. No rows.
-- $1 project, $2 device
update device d
   set last_seen = now()
  from (select d.project_id, d.device_id
          from unnest($1::int[], $2::text[]) as i (project_id, device_id)
          join device d using (project_id, device_id)
         where (select set_config('synchronous_commit', 'off', true)) is not null
           for no key update of d skip locked) free
 where d.project_id = free.project_id and d.device_id = free.device_id
