-- A project key: its name and its cohort.

create or replace function find_key(_project project, _id text) returns project_key language plpgsql stable as $$
declare
  _key project_key;
begin
  select * into _key from project_key k where k.project_id = _project.id and k.id::text = _id;
  if not found then
    perform fail(404, 'no such key');
  end if;
  return _key;
end $$;

create or replace function api_key_get(_call api_request) returns api_reply language plpgsql as $$
declare
  _key constant json := key_json(find_key(path_project(_call), _call.path ->> 'key'));
begin
  return reply(_key, etag(_key));
end $$;

-- Devices that come with the key are in another cohort from their next poll on.
create or replace function api_key_change(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := lock_project(_call);
  _old     constant project_key := find_key(_project, _call.path ->> 'key');
  _new     project_key := _old;
begin
  perform check_match(_call, key_json(_old));
  _new.name := coalesce(_call.body ->> 'name', _old.name);
  if _call.body ? 'cohort' then
    _new.cohort_id := case when _call.body ->> 'cohort' is not null
                           then (find_cohort(_project, _call.body ->> 'cohort', 422, '/cohort')).id end;
  end if;
  if _new.cohort_id is distinct from _old.cohort_id and _old.revoked_at is null then
    perform check_protected(_call, c) -- a key without a cohort is for devices of each
       from cohort c
      where c.project_id = _project.id and (c.id in (_old.cohort_id, _new.cohort_id) or _old.cohort_id is null or _new.cohort_id is null)
      order by c.slug;
  end if;
  if _new is distinct from _old then
    update project_key k set name = _new.name, cohort_id = _new.cohort_id where k.id = _old.id;
    perform audit_add(_call, _project.slug, 'key.change', 'key ' || _new.id, key_json(_old)::jsonb, key_json(_new)::jsonb);
  end if;
  return reply(key_json(_new), etag(key_json(_new)));
end $$;
