-- Projects and the keys that devices identify themselves with.

create or replace function project_json(_project project) returns json language sql stable as $$
select json_build_object(
  'slug', _project.slug, 'name', _project.name,
  'version_scheme', _project.version_scheme, 'allow_build_metadata', _project.allow_build_metadata,
  'polling_interval', _project.polling_interval, 'retry_attempts', _project.retry_attempts,
  'retry_backoff', _project.retry_backoff, 'deployment_timeout', _project.deployment_timeout,
  'trust_feedback', _project.trust_feedback,
  'software_version_attributes', _project.software_version_attributes,
  'hardware_version_attributes', _project.hardware_version_attributes,
  'software_type_attributes', _project.software_type_attributes,
  'targeting_attributes', _project.targeting_attributes, 'signers', _project.signers,
  'devices', (select coalesce(sum(f.devices), 0)::bigint from fleet_now f where f.project_id = _project.id),
  'created_at', _project.created_at)
$$;

-- May the caller see what belongs to this project?
create or replace function may_read(_call api_request, _project int) returns boolean language sql stable as $$
select (_call.actor -> 'projects') is null or (_call.actor -> 'projects') @> to_jsonb(_project)
$$;

create or replace function api_project_list(_call api_request) returns api_reply language plpgsql as $$
begin
  return page_of_list(_call, 'project', 'project_json(s.x)',
    concat_ws(' and ', format('may_read(%L, x.id)', _call),
      case when _call.params ? 'search' then text_contains('x.slug || '' '' || x.name', _call.params ->> 'search') end),
    '{"slug": ["x.slug", "text"], "name": ["lower(x.name)", "text"], "created_at": ["x.id", "int"]}', 'slug');
end $$;

create or replace function api_project_get(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
begin
  return reply(project_json(_project), etag(_project.id, _project.revision));
end $$;

-- Versions are ordered by keys that are stored with the releases, so the scheme is chosen before the first.
create or replace function check_project_change(_old project, _new project) returns void language plpgsql as $$
declare
  _version  text;
  _targeted text;
begin
  if _new.version_scheme <> _old.version_scheme then
    select r.version into _version from release r where r.project_id = _old.id limit 1;
    if found then
      perform fail(409, format('the project has releases (%s) whose order would change; choose the scheme before the first release',
                               _version), '/version_scheme');
    end if;
  end if;
  if _old.allow_build_metadata and not _new.allow_build_metadata then
    select r.version into _version from release r
     where r.project_id = _old.id and (r.version like '%+%' or r.from_version like '%+%') limit 1;
    if found then
      perform fail(409, format('release %s has build metadata', _version), '/allow_build_metadata');
    end if;
  end if;
  select key into _targeted
    from payload y cross join jsonb_object_keys(y.attributes) key
   where y.project_id = _old.id and key <> all (_new.targeting_attributes)
   limit 1;
  if found then
    perform fail(409, format('a payload targets by %s', _targeted), '/targeting_attributes');
  end if;
end $$;

-- Make the settings those of `_new`, as one more revision.
create or replace function project_store(_new project) returns project language sql as $$
update project p
   set name = _new.name, version_scheme = _new.version_scheme, allow_build_metadata = _new.allow_build_metadata,
       polling_interval = _new.polling_interval, retry_attempts = _new.retry_attempts, retry_backoff = _new.retry_backoff,
       deployment_timeout = _new.deployment_timeout, trust_feedback = _new.trust_feedback,
       software_version_attributes = _new.software_version_attributes,
       hardware_version_attributes = _new.hardware_version_attributes,
       software_type_attributes = _new.software_type_attributes,
       targeting_attributes = _new.targeting_attributes, signers = _new.signers, revision = p.revision + 1
 where p.id = _new.id
returning *
$$;

create or replace function api_project_create(_call api_request) returns api_reply language plpgsql as $$
declare
  _project project;
begin
  insert into project (slug) values (_call.body ->> 'slug') on conflict do nothing returning * into _project;
  if not found then
    perform fail(409, 'a project with this slug exists already', '/slug');
  end if;
  _project := project_store(jsonb_populate_record(_project, _call.body));
  insert into cohort (project_id, slug, name, is_default) values (_project.id, 'default', 'Default', true);
  perform audit_add(_call, _project.slug, 'project.create', 'project ' || _project.slug, null, project_json(_project)::jsonb);
  return reply(project_json(_project), etag(_project.id, _project.revision));
end $$;

create or replace function api_project_change(_call api_request) returns api_reply language plpgsql as $$
declare
  _old project := lock_project(_call);
  _new project;
begin
  perform check_match(_call, etag(_old.id, _old.revision));
  _new := jsonb_populate_record(_old, _call.body);
  if _new is distinct from _old then
    perform check_project_change(_old, _new);
    perform check_protected(_call, c)
       from cohort c
      where c.project_id = _old.id and _call.body - 'name' <> '{}' -- anything else is about what devices get
      order by c.slug;
    _new := project_store(_new);
    perform audit_add(_call, _new.slug, 'project.change', 'project ' || _new.slug,
                      project_json(_old)::jsonb, project_json(_new)::jsonb);
  end if;
  return reply(project_json(_new), etag(_new.id, _new.revision));
end $$;

create or replace function api_project_delete(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := lock_project(_call);
  _before  constant json := project_json(_project);
begin
  perform check_match(_call, etag(_project.id, _project.revision));
  if exists (select from device d where d.project_id = _project.id) then
    perform fail(409, 'the project has devices; delete them first');
  end if;
  delete from project p where p.id = _project.id;
  perform audit_add(_call, _project.slug, 'project.delete', 'project ' || _project.slug, _before::jsonb, null);
  return reply(null, null, 204);
end $$;

-- ---- Keys ----

create or replace function key_json(_key project_key) returns json language sql stable as $$
select json_build_object(
  'id', _key.id, 'name', _key.name, 'prefix', _key.prefix,
  'cohort', (select c.slug from cohort c where c.id = _key.cohort_id),
  'created_at', _key.created_at, 'revoked_at', _key.revoked_at)
$$;

create or replace function api_key_list(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
begin
  return page_of_list(_call, 'project_key', 'key_json(s.x)',
    concat_ws(' and ', format('x.project_id = %s', _project.id),
      case when _call.params ? 'search' then text_contains('x.name || '' '' || x.prefix', _call.params ->> 'search') end,
      case when _call.params ? 'revoked' then format('(x.revoked_at is not null) = %L', _call.params ->> 'revoked') end),
    '{"created_at": ["x.id", "int"], "name": ["lower(x.name)", "text"]}', '-created_at');
end $$;

create or replace function api_key_create(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := lock_project(_call);
  _cohort  cohort;
  _key     project_key;
begin
  if _call.body ? 'cohort' then
    _cohort := find_cohort(_project, _call.body ->> 'cohort', 422, '/cohort');
  end if;
  insert into project_key (project_id, name, hash, prefix, cohort_id)
  values (_project.id, coalesce(_call.body ->> 'name', ''), _call.secret ->> 'hash', _call.secret ->> 'prefix', _cohort.id)
  returning * into _key;
  perform audit_add(_call, _project.slug, 'key.create', 'key ' || _key.id, null, key_json(_key)::jsonb);
  return reply(key_json(_key), etag(key_json(_key)));
end $$;

-- From the moment that this has been answered, no worker takes the key.
create or replace function api_key_revoke(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := lock_project(_call);
  _old     constant project_key := find_key(_project, _call.path ->> 'key');
  _new     project_key;
begin
  if _old.revoked_at is not null then
    return reply(key_json(_old), etag(key_json(_old)));
  end if;
  update project_key k set revoked_at = now() where k.id = _old.id returning * into _new;
  perform audit_add(_call, _project.slug, 'key.revoke', 'key ' || _new.id, key_json(_old)::jsonb, key_json(_new)::jsonb);
  return reply(key_json(_new), etag(key_json(_new)));
end $$;
