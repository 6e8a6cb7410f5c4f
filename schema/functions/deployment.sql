-- A deployment's life. docs/resolver.md has the table of states and transitions that this file is.
-- Everybody who changes a deployment locks its device first.

-- The device works with it, or is offered it: it is what a poll links to.
create or replace function is_open(_state deployment_state) returns boolean language sql immutable as $$
select _state in ('offered', 'retrieved', 'downloading', 'downloaded', 'installing', 'rejected', 'canceling')
$$;

-- The device works with it, and has not been asked to cancel.
create or replace function is_begun(_state deployment_state) returns boolean language sql immutable as $$
select is_open(_state) and _state not in ('offered', 'canceling')
$$;

create or replace function is_final(_state deployment_state) returns boolean language sql immutable as $$
select not is_open(_state) and _state <> 'installed'
$$;

create or replace function event_note(_deployment deployment, _source text, _execution text, _result text, _code int, _details text[])
returns void language sql as $$
with counted as (
  update deployment
     set events = events + 1
   where project_id = _deployment.project_id and device_id = _deployment.device_id and n = _deployment.n
  returning events
)
insert into event (project_id, device_id, n, seq, source, execution, result, code, details)
select _deployment.project_id, _deployment.device_id, _deployment.n, events, _source, _execution, _result, _code, _details
  from counted
$$;

-- What follows for the device from a deployment that has just entered `_deployment.state`.
create or replace function device_follow(_deployment deployment, _count_failure boolean) returns void language sql as $$
update device
   set open_n = case when is_open(_deployment.state) then _deployment.n end,
       installed_n = case when _deployment.state = 'installed' then _deployment.n end,
       finished_n = case when _deployment.state in ('installed', 'confirmed') then _deployment.n
                         when finished_n <> _deployment.n then finished_n end,
       -- What does it run now? A device may well have finished what it was told to cancel.
       wants_attributes = wants_attributes or _deployment.state in ('installed', 'canceled', 'timed_out'),
       failures = case
         when _count_failure then coalesce(failures, '{}') || jsonb_build_object(
           _deployment.release_id::text,
           jsonb_build_array(coalesce((failures -> _deployment.release_id::text ->> 0)::int, 0) + 1,
                             (extract(epoch from clock_timestamp()) * 1000000)::bigint))
         when _deployment.state = 'confirmed' then nullif(failures - _deployment.release_id::text, '{}')
         else failures end
 where project_id = _deployment.project_id and device_id = _deployment.device_id
$$;

-- Enter a state; nothing happens when it is the current one.
create or replace function deployment_enter(_deployment deployment, _state deployment_state, _count_failure boolean default false)
returns deployment language plpgsql as $$
begin
  if _state is null or _state = _deployment.state then
    return _deployment;
  end if;
  update deployment d
     set state = _state,
         state_before = case when _state = 'canceling' then d.state end,
         revision = d.revision + 1,
         changed_at = clock_timestamp(),
         closed_at = case when is_open(_state) then null else coalesce(d.closed_at, clock_timestamp()) end
   where project_id = _deployment.project_id and device_id = _deployment.device_id and n = _deployment.n
  returning d.* into _deployment;
  if not is_open(_state) then
    perform device_follow(_deployment, _count_failure);
  end if;
  return _deployment;
end $$;

-- ---- What a poll leads to ----

-- Make the device's open deployment fit the decision: `_activation` and `_payload`, or null for
-- nothing. Returns the deployment that the device is to be told of, or a row of nulls.
create or replace function deployment_settle(_project int, _device text, _cohort int, _activation bigint, _payload bigint)
returns table (n int, state deployment_state, revision int) language plpgsql as $$
declare
  _row     device;
  _open    deployment;
  _release bigint;
begin
  select * into _row from device d where d.project_id = _project and d.device_id = _device for no key update;
  if not found then -- deleted just now
    return query select null::int, null::deployment_state, null::int;
    return;
  end if;
  if _row.open_n is not null then
    select * into _open from deployment d where d.project_id = _project and d.device_id = _device and d.n = _row.open_n;
    if _open.state = 'offered' and _open.activation_id is distinct from _activation then
      _open := deployment_enter(_open, 'superseded');
      perform event_note(_open, 'gateway', null, null, null, array['Superseded: the decision for this device has changed.']);
    elsif is_begun(_open.state) and not _open.cancel_refused
          and not exists (select from activation v where v.id = _open.activation_id and v.pulled_at is null) then
      _open := deployment_enter(_open, 'canceling');
      perform event_note(_open, 'gateway', null, null, null, array['The release was pulled: the device is asked to cancel.']);
    end if;
    if is_open(_open.state) then
      return query select _open.n, _open.state, _open.revision;
      return;
    end if;
  end if;
  if _activation is null or _row.installed_n is not null then
    return query select null::int, null::deployment_state, null::int;
    return;
  end if;

  -- Waits for a pull that is under way, and sees it.
  select v.release_id into _release from activation v where v.id = _activation and v.pulled_at is null for share;
  if _release is null then
    return query select null::int, null::deployment_state, null::int;
    return;
  end if;
  insert into deployment (project_id, device_id, n, release_id, activation_id, payload_id, cohort_id, from_version, attempt)
  values (_project, _device, _row.deployments + 1, _release, _activation, _payload, _cohort, _row.software_version,
          coalesce((_row.failures -> _release::text ->> 0)::int, 0) + 1)
  returning * into _open;
  update device d set deployments = _open.n, open_n = _open.n where d.project_id = _project and d.device_id = _device;
  perform event_note(_open, 'gateway', null, null, null, array['Offered to the device.']);
  return query select _open.n, _open.state, _open.revision;
end $$;

-- ---- What the device says ----

-- The state that a feedback leads to; null: it changes nothing. Constants of the type itself, as a cast
-- of the whole would keep PostgreSQL from inlining it.
create or replace function feedback_state(_state deployment_state, _execution text, _result text, _trust boolean)
returns deployment_state language sql immutable as $$
select case
  when _execution = 'closed' and _result = 'failure'
    then case when is_open(_state) or _state = 'installed' then 'failed'::deployment_state end
  when _execution = 'closed' and _trust
    then case when is_open(_state) or _state in ('installed', 'timed_out') then 'confirmed'::deployment_state end
  when not is_open(_state) then null
  when _execution = 'closed' then 'installed'
  when _state = 'canceling' then null
  when _execution = 'rejected' then 'rejected'
  when _execution = 'proceeding' then 'installing'
  when _execution = 'downloaded' and _state <> 'installing' then 'downloaded'
  when _execution = 'download' and _state in ('offered', 'retrieved', 'rejected') then 'downloading'
end
$$;

-- Keep what the device said: within the quota whole, beyond it counted. What closes is always kept,
-- unless it repeats itself, as clients do that missed our 200.
create or replace function feedback_keep(_deployment deployment, _execution text, _result text, _code int, _details text[])
returns void language plpgsql as $$
declare
  _quota constant int := feedback_quota();
  _fold  boolean;
begin
  if _execution = 'closed' then
    _fold := not is_open(_deployment.state) and exists (
      select from event e
       where e.project_id = _deployment.project_id and e.device_id = _deployment.device_id and e.n = _deployment.n
         and e.execution = 'closed' and e.result = _result);
  else
    _fold := _deployment.events >= _quota;
  end if;
  if _fold then
    update deployment d
       set folded = d.folded + 1, changed_at = clock_timestamp()
     where d.project_id = _deployment.project_id and d.device_id = _deployment.device_id and d.n = _deployment.n;
  else
    perform event_note(_deployment, 'device', _execution, _result, _code, _details);
    update deployment d
       set changed_at = clock_timestamp()
     where d.project_id = _deployment.project_id and d.device_id = _deployment.device_id and d.n = _deployment.n;
  end if;
end $$;

-- May the holder of this key speak for the project's devices? Asked before anything is written.
create or replace function key_valid(_key int) returns boolean language sql stable as $$
select exists (select from project_key where id = _key and revoked_at is null)
$$;

-- Is this the SHA-256 of the device's own token? A device without one has none that fits. That hashes of random tokens are
-- compared tells nobody anything by the time it takes.
create or replace function token_valid(_token text, _project int, _device text) returns boolean language sql stable as $$
select coalesce((select i.target_token = _token from device_info i where i.project_id = _project and i.device_id = _device), false)
$$;

-- May this caller speak for the device? `_caller` is the id of a project key, or the SHA-256 of a target token.
create or replace function caller_valid(_caller text, _project int, _device text) returns boolean language plpgsql stable as $$
begin
  return case when length(_caller) = 64 then token_valid(_caller, _project, _device) else key_valid(_caller::int) end;
end $$;

-- Does the device run what this deployment was to bring?
create or replace function deployment_runs(_deployment deployment, _type text, _version text) returns boolean language sql stable as $$
select exists (
  select from release r
    join payload y on y.id = _deployment.payload_id
   where r.id = _deployment.release_id and r.version = _version and y.software_type = coalesce(_type, 'main'))
$$;

-- Its project trusts feedback: the device runs what it was given until it reports something new.
create or replace function device_trust(_deployment deployment) returns void language sql as $$
with given as (
  update device d
     set software_version = r.version, wants_attributes = true
    from release r
   where r.id = _deployment.release_id and d.project_id = _deployment.project_id and d.device_id = _deployment.device_id
  returning d.*
)
insert into device_version (project_id, device_id, software_type, software_version, hardware_version)
select project_id, device_id, software_type, software_version, hardware_version from given
$$;

-- Feedback to deploymentBase. Outcome: accepted, unauthorized, no_device or no_deployment.
create or replace function feedback_add(_caller text, _project int, _device text, _n int, _execution text, _result text, _code int, _details text[])
returns text language plpgsql as $$
declare
  _row        device;
  _deployment deployment;
  _state      deployment_state;
begin
  if not caller_valid(_caller, _project, _device) then
    return 'unauthorized';
  end if;
  select * into _row from device d where d.project_id = _project and d.device_id = _device for no key update;
  if not found then
    return 'no_device';
  end if;
  select * into _deployment from deployment d where d.project_id = _project and d.device_id = _device and d.n = _n;
  if not found then
    return 'no_deployment';
  end if;
  perform feedback_keep(_deployment, _execution, _result, _code, _details);
  if _execution = 'closed' and _result <> 'failure' and not is_open(_deployment.state) then
    update device d set wants_attributes = true where d.project_id = _project and d.device_id = _device;
  end if;
  if _n <> _row.deployments then
    return 'accepted'; -- history: the device has moved on
  end if;
  _state := feedback_state(_deployment.state, _execution, _result, (select trust_feedback from project where id = _project));
  if _state = 'installed' and _row.software_version is distinct from _deployment.from_version
     and deployment_runs(_deployment, _row.software_type, _row.software_version) then
    perform deployment_enter(_deployment, 'confirmed'); -- it reported the new version before it said so
    return 'accepted';
  end if;
  perform deployment_enter(_deployment, _state, _state = 'failed');
  if _state = 'confirmed' then
    perform device_trust(_deployment);
  end if;
  return 'accepted';
end $$;

-- Feedback to cancelAction. Outcome as above, or not_canceling.
create or replace function cancel_feedback_add(_caller text, _project int, _device text, _n int, _execution text, _result text, _code int, _details text[])
returns text language plpgsql as $$
declare
  _deployment deployment;
begin
  if not caller_valid(_caller, _project, _device) then
    return 'unauthorized';
  end if;
  perform from device d where d.project_id = _project and d.device_id = _device for no key update;
  if not found then
    return 'no_device';
  end if;
  select * into _deployment from deployment d where d.project_id = _project and d.device_id = _device and d.n = _n;
  if not found then
    return 'no_deployment';
  end if;
  if _deployment.state not in ('canceling', 'canceled') then
    return 'not_canceling';
  end if;
  perform feedback_keep(_deployment, _execution, _result, _code, _details);
  if _deployment.state = 'canceling' then
    if _execution = 'rejected' or (_execution = 'closed' and _result = 'failure') then
      update deployment d
         set cancel_refused = true
       where d.project_id = _project and d.device_id = _device and d.n = _n;
      perform deployment_enter(_deployment, coalesce(_deployment.state_before, 'installing'));
    elsif _execution = 'closed' then
      perform deployment_enter(_deployment, 'canceled');
    end if;
  end if;
  return 'accepted';
end $$;

-- ---- Deployments that never come back ----

-- Housekeeping. A device that had begun has failed; one that never reacted to the offer has not.
create or replace function deployments_expire() returns void language plpgsql as $$
declare
  _deployment deployment;
  _timed_out  deployment[] := '{}'; -- as they were
  _ended      deployment;
begin
  if not pg_try_advisory_xact_lock(hashtext('mews.deployments_expire')) then
    return;
  end if;
  for _deployment in
    select x.*
      from deployment x
      join project p on p.id = x.project_id
     where (is_open(x.state) or x.state = 'installed')
       and x.state in ('offered', 'retrieved', 'downloading', 'downloaded', 'installing', 'rejected', 'canceling', 'installed')
       and x.changed_at < now() - p.deployment_timeout * interval '1 second'
       and x.created_at < now() - p.deployment_timeout * interval '1 second' -- it is, and has an index
     order by x.project_id, x.device_id
     limit 1000
  loop
    perform from device d
      where d.project_id = _deployment.project_id and d.device_id = _deployment.device_id for no key update;
    select * into _deployment from deployment d
     where d.project_id = _deployment.project_id and d.device_id = _deployment.device_id and d.n = _deployment.n
       and d.changed_at = _deployment.changed_at;
    continue when not found; -- it came back just now
    perform event_note(_deployment, 'gateway', null, null, null,
                       array[format('Timed out: nothing was heard of it since %s.', to_char(_deployment.changed_at, 'YYYY-MM-DD HH24:MI:SS "UTC"'))]);
    perform deployment_enter(_deployment, 'timed_out', _deployment.state not in ('offered', 'canceling'));
    _timed_out := _timed_out || _deployment;
  end loop;
  foreach _deployment in array _timed_out loop -- only now: who holds the end of the log waits for no device
    select * into _ended from deployment d
     where d.project_id = _deployment.project_id and d.device_id = _deployment.device_id and d.n = _deployment.n;
    perform audit_add(null, (select slug from project where id = _deployment.project_id), 'deployment.time_out',
                      format('device %s deployment %s', _deployment.device_id, _deployment.n),
                      deployment_json(_deployment)::jsonb, deployment_json(_ended)::jsonb);
  end loop;
end $$;

-- The device works on it: it has not timed out.
create or replace function deployment_alive(_project int, _device text, _n int) returns void language plpgsql as $$
begin
  perform from device d where d.project_id = _project and d.device_id = _device for no key update;
  update deployment d
     set changed_at = clock_timestamp()
   where d.project_id = _project and d.device_id = _device and d.n = _n and is_open(d.state);
end $$;

-- The device begins to download the file from its start. Has it told before that all of it is installed, as SWUpdate does
-- at the end? Then that came to nothing (the boot loader went back to the old software, say), and this would go on for
-- ever: the attempt has failed. True: so it is.
create or replace function deployment_starts_over(_project int, _device text, _n int) returns boolean language plpgsql as $$
declare
  _deployment deployment;
begin
  perform from device d where d.project_id = _project and d.device_id = _device for no key update;
  select * into _deployment from deployment d
   where d.project_id = _project and d.device_id = _device and d.n = _n and d.state = 'installing'
     and exists (select from event e
                  where e.project_id = d.project_id and e.device_id = d.device_id and e.n = d.n
                    and e.source = 'device' and e.details @> '{All Chunks Installed.}');
  if not found then
    return false;
  end if;
  perform event_note(_deployment, 'gateway', null, null, null,
                     array['The device had installed all of it, and begins to download it again: this attempt has failed.']);
  perform deployment_enter(_deployment, 'failed', true);
  return true;
end $$;

-- The gateway saw the device fetch something of this deployment: forward, never back.
create or replace function deployment_progress(_project int, _device text, _n int, _from deployment_state[], _to deployment_state, _detail text)
returns void language plpgsql as $$
declare
  _deployment deployment;
begin
  perform from device d where d.project_id = _project and d.device_id = _device for no key update;
  select * into _deployment from deployment d
   where d.project_id = _project and d.device_id = _device and d.n = _n and d.state = any (_from);
  if found then
    perform event_note(_deployment, 'gateway', null, null, null, array[_detail]);
    perform deployment_enter(_deployment, _to);
  end if;
end $$;
