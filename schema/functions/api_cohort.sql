-- Cohorts, and which of their devices are staged.

create or replace function cohort_json(_cohort cohort) returns json language sql stable as $$
select json_build_object(
  'slug', _cohort.slug, 'name', _cohort.name, 'default', _cohort.is_default, 'protected', _cohort.protected,
  'polling_interval', _cohort.polling_interval, 'development_mode', _cohort.development_mode,
  'version_checking', _cohort.version_checking, 'staged_percent', _cohort.staged_percent,
  'devices', coalesce(sum(f.devices), 0)::bigint,
  'staged_devices', coalesce(sum(f.devices) filter (where f.staged), 0)::bigint,
  'created_at', _cohort.created_at)
  from fleet_now f
 where f.project_id = _cohort.project_id and f.cohort_id = _cohort.id
$$;

-- What a protected cohort's devices get is for managers to say, and for tokens that were given the right.
create or replace function check_protected(_call api_request, _cohort cohort) returns void language plpgsql as $$
begin
  if _cohort.protected and not coalesce((_call.actor ->> 'may_change_protected')::boolean, false) then
    perform fail(403, case _call.actor ->> 'kind'
      when 'token' then format('cohort %s is protected, and this token may not change protected cohorts', _cohort.slug)
      else format('cohort %s is protected: it needs a manager', _cohort.slug) end);
  end if;
end $$;

create or replace function api_cohort_list(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
begin
  return page_of_list(_call, 'cohort', 'cohort_json(s.x)',
    concat_ws(' and ', format('x.project_id = %s', _project.id),
      case when _call.params ? 'search' then text_contains('x.slug || '' '' || x.name', _call.params ->> 'search') end),
    '{"slug": ["x.slug", "text"], "name": ["lower(x.name)", "text"], "created_at": ["x.id", "int"]}', 'slug');
end $$;

create or replace function api_cohort_get(_call api_request) returns api_reply language plpgsql as $$
declare
  _cohort constant cohort := find_cohort(path_project(_call), _call.path ->> 'cohort');
begin
  return reply(cohort_json(_cohort), etag(_cohort.id, _cohort.revision));
end $$;

-- ---- Staged devices ----

-- Mark, or take the mark from, `_count` devices at random. Returns how many; fewer when others interfere.
create or replace function devices_stage(_cohort cohort, _staged boolean, _count bigint) returns bigint language plpgsql as $$
declare
  _chosen text[];
  _locked text[];
begin
  _chosen := array(
    select d.device_id
      from device d
     where d.project_id = _cohort.project_id and d.cohort_id = _cohort.id and d.staged <> _staged
     order by random()
     limit _count);
  _locked := array(
    select l.device_id
      from devices_lock(_cohort.project_id, _chosen) l
     where l.cohort_id = _cohort.id and l.staged <> _staged);
  perform devices_regroup(_cohort.project_id, _locked, null, _staged);
  return cardinality(_locked);
end $$;

-- Exactly round(p x n / 100) of the n devices that are there now. Raising keeps the marks, lowering takes some away.
create or replace function cohort_stage(_cohort cohort) returns void language plpgsql as $$
declare
  _missing bigint;
begin
  for _attempt in 1 .. 5 loop -- others move devices meanwhile
    select round(_cohort.staged_percent * coalesce(sum(f.devices), 0) / 100.0) - coalesce(sum(f.devices) filter (where f.staged), 0)
      into _missing
      from fleet_now f
     where f.project_id = _cohort.project_id and f.cohort_id = _cohort.id;
    exit when _missing = 0;
    perform devices_stage(_cohort, _missing > 0, abs(_missing));
  end loop;
end $$;

-- ---- Changes ----

-- There is one default cohort. When `_new` is to be it, another one no longer is: what that one looked like, or null.
create or replace function cohort_take_default(_call api_request, _new cohort) returns jsonb language plpgsql as $$
declare
  _default cohort;
begin
  select * into _default from cohort c
   where _new.is_default and c.project_id = _new.project_id and c.is_default and c.id <> _new.id;
  if not found then
    return null;
  end if;
  perform check_protected(_call, _default);
  update cohort c set is_default = false, revision = c.revision + 1 where c.id = _default.id;
  return cohort_json(_default);
end $$;

-- Make the settings those of `_new`, as one more revision.
create or replace function cohort_store(_new cohort) returns cohort language plpgsql as $$
begin
  update cohort c
     set name = _new.name, is_default = _new.is_default, protected = _new.protected,
         polling_interval = _new.polling_interval, development_mode = _new.development_mode,
         version_checking = _new.version_checking, staged_percent = _new.staged_percent, revision = c.revision + 1
   where c.id = _new.id
  returning * into _new;
  return _new;
end $$;

create or replace function audit_default_lost(_call api_request, _project project, _lost jsonb) returns void language plpgsql as $$
begin
  if _lost is not null then
    perform audit_add(_call, _project.slug, 'cohort.change', 'cohort ' || (_lost ->> 'slug'), _lost, _lost || '{"default": false}');
  end if;
end $$;

create or replace function cohort_with(_cohort cohort, _body jsonb) returns cohort language sql immutable as $$
select jsonb_populate_record(_cohort, case when _body ? 'default' then _body || jsonb_build_object('is_default', _body -> 'default')
                                           else _body end)
$$;

create or replace function api_cohort_create(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := lock_project(_call);
  _cohort  cohort;
  _lost    jsonb;
begin
  insert into cohort (project_id, slug) values (_project.id, _call.body ->> 'slug') on conflict do nothing returning * into _cohort;
  if not found then
    perform fail(409, 'a cohort with this slug exists already', '/slug');
  end if;
  _cohort := cohort_with(_cohort, _call.body);
  _lost := cohort_take_default(_call, _cohort);
  _cohort := cohort_store(_cohort);
  perform audit_default_lost(_call, _project, _lost);
  perform audit_add(_call, _project.slug, 'cohort.create', 'cohort ' || _cohort.slug, null, cohort_json(_cohort)::jsonb);
  return reply(cohort_json(_cohort), etag(_cohort.id, _cohort.revision));
end $$;

create or replace function api_cohort_change(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := lock_project(_call);
  _old     constant cohort := find_cohort(_project, _call.path ->> 'cohort');
  _before  constant jsonb := cohort_json(_old)::jsonb;
  _new     cohort := cohort_with(_old, _call.body);
  _lost    jsonb;
begin
  perform check_match(_call, etag(_old.id, _old.revision));
  perform check_protected(_call, _old);
  if _old.is_default and not _new.is_default then
    perform fail(409, 'a project always has a default cohort; make another one the default', '/default');
  end if;
  if _new is distinct from _old then
    _lost := cohort_take_default(_call, _new);
    _new := cohort_store(_new);
  end if;
  if _call.body ? 'staged_percent' then
    perform cohort_stage(_new); -- the same percentage again takes in those that have joined since
    if _new.revision = _old.revision and cohort_json(_new)::jsonb <> _before then
      _new := cohort_store(_new); -- another state needs another ETag
    end if;
  end if;
  perform audit_default_lost(_call, _project, _lost);
  if cohort_json(_new)::jsonb <> _before then
    perform audit_add(_call, _project.slug, 'cohort.change', 'cohort ' || _new.slug, _before, cohort_json(_new)::jsonb);
  end if;
  return reply(cohort_json(_new), etag(_new.id, _new.revision));
end $$;

-- What keeps a cohort from being deleted; null: nothing.
create or replace function cohort_in_use(_cohort cohort) returns text language sql stable as $$
select case
  when _cohort.is_default then 'it is the default cohort; make another one the default first'
  when exists (select from device d where d.project_id = _cohort.project_id and d.cohort_id = _cohort.id)
    then 'it has devices; move them to another cohort first'
  when exists (select from activation v where v.cohort_id = _cohort.id and v.pulled_at is null)
    then 'releases are active in it; pull them first'
  when exists (select from project_key k where k.cohort_id = _cohort.id and k.revoked_at is null)
    then 'a project key puts its devices there; revoke it first' end
$$;

create or replace function api_cohort_delete(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := lock_project(_call);
  _cohort  constant cohort := find_cohort(_project, _call.path ->> 'cohort');
  _before  constant jsonb := cohort_json(_cohort)::jsonb;
  _in_use  constant text := cohort_in_use(_cohort);
begin
  perform check_match(_call, etag(_cohort.id, _cohort.revision));
  perform check_protected(_call, _cohort);
  if _in_use is not null then
    perform fail(409, format('cohort %s cannot be deleted: %s', _cohort.slug, _in_use));
  end if;
  update project_key k set cohort_id = null where k.cohort_id = _cohort.id; -- revoked ones
  delete from cohort c where c.id = _cohort.id;
  perform audit_add(_call, _project.slug, 'cohort.delete', 'cohort ' || _cohort.slug, _before, null);
  return reply(null, null, 204);
end $$;
