-- Releases and their payloads. Nothing but the notes changes once a release has been activated.

create or replace function payload_json(_payload payload) returns json language sql stable as $$
select json_build_object(
  'id', _payload.id, 'filename', _payload.filename, 'software_type', _payload.software_type,
  'hardware_versions', _payload.hardware_versions, 'attributes', _payload.attributes,
  'extra_info', _payload.extra_info, 'sha256', a.sha256, 'sha1', a.sha1, 'md5', a.md5, 'size', a.size,
  'created_at', _payload.created_at)
  from artifact a
 where a.id = _payload.artifact_id
$$;

create or replace function release_json(_release release) returns json language sql stable as $$
select json_build_object(
  'release', release_name(_release), 'version', _release.version, 'from', _release.from_version,
  'kind', case when _release.from_version is not null then 'delta'
               when _release.must_pass_through then 'must_pass_through' else 'full' end,
  'must_pass_through', _release.must_pass_through,
  'notes', _release.notes, 'revision', _release.revision, 'extra_info', _release.extra_info,
  'created_at', _release.created_at, 'activated_at', _release.activated_at,
  'active_in', coalesce((
    select json_agg(c.slug order by c.slug)
      from activation v join cohort c on c.id = v.cohort_id
     where v.release_id = _release.id and v.pulled_at is null), '[]'),
  'payloads', coalesce((select json_agg(payload_json(y) order by y.id) from payload y where y.release_id = _release.id), '[]'))
$$;

-- The sort key of a version in the project's scheme. `_keys` holds what manage/validate.c made of it.
create or replace function version_key(_project project, _keys jsonb, _field text) returns bytea language plpgsql as $$
declare
  _key constant jsonb := _keys -> (_project.version_scheme || case when _project.allow_build_metadata then '+build' else '' end);
begin
  if _key ? 'error' then
    perform fail(422, _key ->> 'error', _field);
  end if;
  return decode(_key ->> 'key', 'hex');
end $$;

create or replace function check_segment(_version text, _field text) returns void language plpgsql as $$
begin
  if _version like '%/%' then
    perform fail(422, 'a version is a part of a path: it has no slashes', _field);
  end if;
end $$;

-- PostgreSQL writes numbers out: 1e308 has 309 digits wherever the object is shown, and in each catalog.
create or replace function check_extra_info(_body jsonb) returns void language plpgsql as $$
declare
  _max constant int := 16384;
begin
  if length((_body -> 'extra_info')::text) > _max then
    perform fail(422, format('extra_info has at most %s characters as JSON, with numbers written out', _max), '/extra_info');
  end if;
end $$;

create or replace function api_release_create(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := lock_project(_call);
  _body    constant jsonb := _call.body;
  _key     constant bytea := version_key(_project, _body -> 'version_keys', '/version');
  _from    bytea;
  _release release;
begin
  perform check_segment(_body ->> 'version', '/version');
  perform check_segment(_body ->> 'from', '/from');
  perform check_extra_info(_body);
  if _body ? 'from' then
    _from := version_key(_project, _body -> 'from_keys', '/from');
    if _from >= _key then
      perform fail(422, 'a delta goes to a higher version than it comes from', '/from');
    end if;
    if coalesce((_body ->> 'must_pass_through')::boolean, false) then
      perform fail(422, 'a delta cannot be must-pass-through', '/must_pass_through');
    end if;
  end if;
  insert into release (project_id, version, version_key, from_version, must_pass_through, notes, revision, extra_info)
  values (_project.id, _body ->> 'version', _key, _body ->> 'from', coalesce((_body ->> 'must_pass_through')::boolean, false),
          coalesce(_body ->> 'notes', ''), coalesce(_body ->> 'revision', ''), nullif(_body -> 'extra_info', 'null'))
  on conflict do nothing
  returning * into _release;
  if not found then
    perform fail(409, 'this release exists already', '/version');
  end if;
  perform audit_add(_call, _project.slug, 'release.create', 'release ' || release_name(_release), null, release_json(_release)::jsonb);
  return reply(release_json(_release), etag(release_json(_release)));
end $$;

create or replace function api_release_list(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
begin
  return page_of_list(_call, 'release', 'release_json(s.x)',
    concat_ws(' and ', format('x.project_id = %s', _project.id),
      case when _call.params ? 'search' then text_contains('release_name(x) || '' '' || x.notes', _call.params ->> 'search') end,
      case when _call.params ? 'active'
           then format('exists (select from activation v where v.release_id = x.id and v.pulled_at is null) = %L', _call.params ->> 'active') end),
    '{"created_at": ["x.id", "bigint"], "version": ["x.version_key", "bytea"]}', '-created_at');
end $$;

create or replace function api_release_get(_call api_request) returns api_reply language plpgsql as $$
declare
  _release constant json := release_json(find_release(path_project(_call), _call.path ->> 'release'));
begin
  return reply(_release, etag(_release));
end $$;

create or replace function api_release_change(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := lock_project(_call);
  _old     constant release := find_release(_project, _call.path ->> 'release');
  _before  constant json := release_json(_old);
  _new     release;
begin
  perform check_match(_call, _before);
  if _old.activated_at is not null and _call.body - 'notes' <> '{}' then
    perform fail(409, 'the release has been activated: only its notes can change', '/' || (
      select min(field) from jsonb_object_keys(_call.body - 'notes') field));
  end if;
  perform check_extra_info(_call.body);
  update release r
     set notes = coalesce(_call.body ->> 'notes', r.notes),
         revision = coalesce(_call.body ->> 'revision', r.revision),
         extra_info = case when _call.body ? 'extra_info' then nullif(_call.body -> 'extra_info', 'null') else r.extra_info end
   where r.id = _old.id
  returning * into _new;
  if _new is distinct from _old then
    perform audit_add(_call, _project.slug, 'release.change', 'release ' || release_name(_new),
                      _before::jsonb, release_json(_new)::jsonb);
  end if;
  return reply(release_json(_new), etag(release_json(_new)));
end $$;

-- Some of what devices did with it goes; false: that was all. Devices are locked in their order.
create or replace function release_forget(_release release) returns boolean language plpgsql as $$
declare
  _portion constant int := 10000; -- deployments; about a second
  _devices text[];
  _numbers int[];
begin
  select array_agg(s.device_id), array_agg(s.n) into _devices, _numbers
    from (select x.device_id, x.n from deployment x where x.release_id = _release.id limit _portion) s;
  perform from devices_lock(_release.project_id, array(select distinct unnest(_devices)));
  update device d
     set finished_n = null
    from unnest(_devices, _numbers) as gone (device_id, n)
   where d.project_id = _release.project_id and d.device_id = gone.device_id and d.finished_n = gone.n;
  delete from deployment x
   using unnest(_devices, _numbers) as gone (device_id, n)
   where x.project_id = _release.project_id and x.device_id = gone.device_id and x.n = gone.n;
  return exists (select from deployment x where x.release_id = _release.id);
end $$;

-- Only when it is active nowhere. What devices did with it goes, too: 202 as long as there is more of that. The release
-- itself is not locked before its devices are: who changes a deployment has the device, and then may look at the release.
create or replace function api_release_delete(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := lock_project(_call);
  _release constant release := find_release(_project, _call.path ->> 'release');
  _before  constant json := release_json(_release);
  _active  text;
begin
  perform check_match(_call, _before);
  select string_agg(c.slug, ', ' order by c.slug) into _active
    from activation v join cohort c on c.id = v.cohort_id
   where v.release_id = _release.id and v.pulled_at is null;
  if _active is not null then
    perform fail(409, format('the release is active in %s; pull it there first', _active));
  end if;
  if exists (select from deployment_count_now n
              where n.project_id = _project.id and n.release_id = _release.id and not is_final(n.state) and n.count > 0) then
    perform fail(409, 'devices are still working on this release; wait until they have ended or canceled');
  end if;
  if release_forget(_release) then
    perform audit_add(_call, _project.slug, 'release.forget', 'release ' || release_name(_release), null, null);
    return reply(null, null, 202);
  end if;
  delete from activation where release_id = _release.id;
  delete from release where id = _release.id;
  perform audit_add(_call, _project.slug, 'release.delete', 'release ' || release_name(_release), _before::jsonb, null);
  return reply(null, null, 204);
end $$;

-- ---- Payloads ----

-- The fingerprint of a PEM certificate, as manage/swu.h has it of a signer.
create or replace function pem_fingerprint(_pem text) returns text language sql immutable as $$
select encode(sha256(decode(regexp_replace(_pem, '-----[A-Z ]+-----|\s', '', 'g'), 'base64')), 'hex')
$$;

-- Why the project's devices would not take the file, or null.
create or replace function signature_problem(_project project, _artifact artifact) returns text language sql immutable as $$
select case
  when cardinality(_project.signers) = 0
       or exists (select from unnest(_project.signers) pem where pem_fingerprint(pem) = _artifact.swu ->> 'signer') then null
  when not coalesce((_artifact.swu ->> 'signed')::boolean, false) then 'the file is not signed, and the project demands it'
  when _artifact.swu ? 'signer'
    then format('the file is signed by %s, which is none of the project''s signers', _artifact.swu ->> 'signer')
  else 'the signature of the file is wrong, or brings no certificate along' end
$$;

-- Does the file contradict what the operator says of it, or what the project demands?
create or replace function check_swu(_project project, _release release, _artifact artifact, _hardware text[]) returns void language plpgsql as $$
declare
  _swu    constant jsonb := coalesce(_artifact.swu, '{}');
  _boards constant text[] := array(select jsonb_array_elements_text(coalesce(_swu -> 'hardware_versions', '[]')));
begin
  if _swu ->> 'version' <> _release.version then
    perform fail(422, format('the file says that it is version %s, the release is %s', _swu ->> 'version', _release.version), '/sha256');
  end if;
  if cardinality(_boards) > 0 and not _hardware <@ _boards then
    perform fail(422, format('the file says that it is for %s, you say for %s', array_to_string(_boards, ', '), array_to_string(_hardware, ', ')),
                 '/hardware_versions');
  end if;
  if signature_problem(_project, _artifact) is not null then
    perform fail(422, signature_problem(_project, _artifact), '/sha256');
  end if;
end $$;

-- Could both fit one device? As resolver_payloads_overlap() in C.
create or replace function payloads_overlap(_a payload, _b payload) returns boolean language sql immutable as $$
select _a.software_type = _b.software_type and _a.hardware_versions && _b.hardware_versions
   and not exists (select from jsonb_each_text(_a.attributes) x join jsonb_each_text(_b.attributes) y using (key)
                    where x.value <> y.value)
$$;

create or replace function api_payload_add(_call api_request) returns api_reply language plpgsql as $$
declare
  _project  constant project := lock_project(_call);
  _body     constant jsonb := _call.body;
  _release  release := find_release(_project, _call.path ->> 'release');
  _artifact artifact;
  _payload  payload;
  _other    payload;
  _unlisted text;
  _hardware text[];
begin
  perform check_extra_info(_body);
  select * into _release from release r where r.id = _release.id for update;
  perform check_match(_call, release_json(_release));
  if _release.activated_at is not null then
    perform fail(409, 'the release has been activated: its payloads are final');
  end if;
  select * into _artifact from artifact a where a.project_id = _project.id and a.sha256 = _body ->> 'sha256';
  if not found then
    perform fail(422, 'no artifact with this SHA-256 has been uploaded to the project', '/sha256');
  end if;
  select key into _unlisted from jsonb_object_keys(coalesce(_body -> 'attributes', '{}')) key
   where key <> all (_project.targeting_attributes) limit 1;
  if found then
    perform fail(422, format('the project does not target by %s; add it to its targeting_attributes first', _unlisted),
                 '/attributes/' || replace(replace(_unlisted, '~', '~0'), '/', '~1'));
  end if;
  -- Revisions need not be what devices call their hardware: they are a default, and nothing to contradict.
  _hardware := array(select jsonb_array_elements_text(coalesce(_body -> 'hardware_versions', nullif(_artifact.swu -> 'hardware_versions', '[]'),
                                                               _artifact.swu -> 'hardware_compatibility', '[]')));
  if cardinality(_hardware) = 0 then
    perform fail(422, 'say for which hardware versions the file is; it does not say so itself', '/hardware_versions');
  end if;
  perform check_swu(_project, _release, _artifact, _hardware);
  insert into payload (project_id, release_id, artifact_id, filename, software_type, hardware_versions, attributes, extra_info)
  values (_project.id, _release.id, _artifact.id, coalesce(_body ->> 'filename', _artifact.filename),
          coalesce(_body ->> 'software_type', 'main'), _hardware,
          coalesce(_body -> 'attributes', '{}'), nullif(_body -> 'extra_info', 'null'))
  returning * into _payload;
  select * into _other from payload y
   where y.release_id = _release.id and y.id <> _payload.id and payloads_overlap(y, _payload) order by y.id limit 1;
  if found then
    perform fail(409, format('a device could match both this payload and payload %s (%s)', _other.id, _other.filename), '/hardware_versions');
  end if;
  perform audit_add(_call, _project.slug, 'payload.add', 'release ' || release_name(_release), null, payload_json(_payload)::jsonb);
  return reply(payload_json(_payload));
end $$;

create or replace function api_payload_list(_call api_request) returns api_reply language plpgsql as $$
declare
  _release constant release := find_release(path_project(_call), _call.path ->> 'release');
begin
  return reply(json_build_object('items', coalesce(
    (select json_agg(payload_json(y) order by y.id) from payload y where y.release_id = _release.id), '[]')));
end $$;

create or replace function api_payload_remove(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := lock_project(_call);
  _release release := find_release(_project, _call.path ->> 'release');
  _payload payload;
  _before  json;
begin
  select * into _release from release r where r.id = _release.id for update;
  perform check_match(_call, release_json(_release));
  if _release.activated_at is not null then
    perform fail(409, 'the release has been activated: its payloads are final');
  end if;
  select * into _payload from payload y where y.release_id = _release.id and y.id::text = _call.path ->> 'payload';
  if not found then
    perform fail(404, 'no such payload');
  end if;
  _before := payload_json(_payload);
  delete from payload y where y.id = _payload.id;
  perform audit_add(_call, _project.slug, 'payload.remove', 'release ' || release_name(_release), _before::jsonb, null);
  return reply(null, null, 204);
end $$;
