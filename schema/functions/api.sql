-- What all functions of the operators' API share.

-- End the statement with an HTTP status and a sentence for the person who asked. gateway/db.h knows the code.
create or replace function fail(_status int, _text text, _field text default '') returns void language plpgsql as $$
begin
  raise exception using errcode = 'MW' || _status, message = _text, column = _field;
end $$;

-- With a key (Idempotency-Key), the answer is given again for a day to whoever repeats the request.
create or replace function api_call(_name text, _call api_request, _key text, out reply api_reply, out replayed boolean)
language plpgsql as $$
declare
  _actor   constant text := concat_ws(':', _call.actor ->> 'kind', _call.actor ->> 'id');
  _request text;
  _known   idempotency;
begin
  replayed := false;
  if _key is not null then
    _request := encode(sha256(convert_to(concat_ws(' ', _name, _call.path, _call.params, _call.body, _call.secret ->> 'proof'), 'UTF8')), 'hex');
    insert into idempotency (actor, key, request) values (_actor, _key, _request) on conflict do nothing;
    if not found then
      select * into _known from idempotency i where i.actor = _actor and i.key = _key;
      if _known.request <> _request then
        perform fail(422, 'this Idempotency-Key was used for another request', 'Idempotency-Key');
      end if;
      reply := row(_known.body, _known.etag, _known.status)::api_reply;
      replayed := true;
      return;
    end if;
  end if;
  perform set_config('mews.list', cursor_list(_name, _call), true);
  execute format('select * from %I($1)', 'api_' || _name) into reply using _call;
  if _key is not null then
    update idempotency i
       set body = reply.body, etag = reply.etag, status = reply.status
     where i.actor = _actor and i.key = _key;
    delete from idempotency
     where (actor, key) in (select i.actor, i.key from idempotency i
                             where i.created_at < now() - interval '1 day' limit 100 for update skip locked);
  end if;
end $$;

-- ---- What the path names ----

create or replace function path_project(_call api_request) returns project language plpgsql stable as $$
declare
  _project project;
begin
  select * into _project from project where slug = _call.path ->> 'project';
  if not found then
    perform fail(404, 'no such project');
  end if;
  return _project;
end $$;

-- The same for whoever changes what its devices are decided by: one at a time, so no change is lost.
create or replace function lock_project(_call api_request) returns project language plpgsql as $$
declare
  _project project;
begin
  select * into _project from project where slug = _call.path ->> 'project' for no key update;
  if not found then
    perform fail(404, 'no such project');
  end if;
  return _project;
end $$;

create or replace function find_cohort(_project project, _slug text, _status int default 404, _field text default '') returns cohort
language plpgsql stable as $$
declare
  _cohort cohort;
begin
  select * into _cohort from cohort c where c.project_id = _project.id and c.slug = _slug;
  if not found then
    perform fail(_status, format('no such cohort: %s', _slug), _field);
  end if;
  return _cohort;
end $$;

-- VERSION, or FROM..VERSION for a delta.
create or replace function find_release(_project project, _name text, _status int default 404, _field text default '') returns release
language plpgsql stable as $$
declare
  _release release;
  _delta   constant boolean := _name like '%..%';
begin
  select * into _release
    from release r
   where r.project_id = _project.id
     and r.version = case when _delta then split_part(_name, '..', 2) else _name end
     and r.from_version is not distinct from case when _delta then split_part(_name, '..', 1) end
     and release_name(r) = _name;
  if not found then
    perform fail(_status, format('no such release: %s', _name), _field);
  end if;
  return _release;
end $$;

create or replace function find_device(_project project, _id text) returns device language plpgsql stable as $$
declare
  _device device;
begin
  select * into _device from device d where d.project_id = _project.id and d.device_id = _id;
  if not found then
    perform fail(404, 'no such device');
  end if;
  return _device;
end $$;

create or replace function release_name(_release release) returns text language sql immutable as $$
select case when _release.from_version is null then _release.version
            else _release.from_version || '..' || _release.version end
$$;

-- ---- Lost races, pages ----

create or replace function etag(_revision int) returns text language sql immutable as $$
select format('"%s"', _revision)
$$;

-- Of something that may be deleted and made again under the same name: the new one is not the old one.
create or replace function etag(_id bigint, _revision int) returns text language sql immutable as $$
select format('"%s-%s"', _id, _revision)
$$;

-- Of something without a number that grows with it: a digest of what it looks like.
create or replace function etag(_json json) returns text language sql immutable as $$
select format('"%s"', md5(_json::text))
$$;

-- If-Match, when the client sent it, names the state that is there: one of a list, or "*" for any (RFC 9110, 13.1.1).
create or replace function check_match(_call api_request, _etag text) returns void language plpgsql as $$
begin
  if _call.params ? 'if_match' and not regexp_split_to_array(_call.params ->> 'if_match', '\s*,\s*') && array[_etag, '*'] then
    perform fail(412, 'somebody else has changed it; get it again and repeat your change', 'If-Match');
  end if;
end $$;

create or replace function check_match(_call api_request, _revision int) returns void language sql as $$
select check_match(_call, etag(_revision))
$$;

create or replace function check_match(_call api_request, _json json) returns void language sql as $$
select check_match(_call, etag(_json))
$$;

create or replace function page_limit(_call api_request) returns int language sql immutable as $$
select coalesce((_call.params ->> 'limit')::int, 100)
$$;

-- Which list a call asks for, filters and order included: api_call() says it for the cursors that it reads and writes.
create or replace function cursor_list(_name text, _call api_request) returns text language sql immutable as $$
select left(md5(concat_ws(' ', _name, _call.path, _call.params - '{cursor,limit,format}'::text[])), 12)
$$;

create or replace function cursor_list() returns text language sql stable as $$
select coalesce(current_setting('mews.list', true), '')
$$;

-- Where a page begins: the list, and the sort key of the last item before it.
create or replace function cursor_encode(_key jsonb) returns text language sql stable as $$
select translate(encode(convert_to(jsonb_build_array(cursor_list(), _key)::text, 'UTF8'), 'base64'), '+/=' || chr(10), '-_')
$$;

create or replace function cursor_read(_cursor text) returns jsonb language plpgsql immutable as $$
begin
  return convert_from(decode(rpad(translate(_cursor, '-_', '+/'), (length(_cursor) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb;
exception when others then
  return null;
end $$;

create or replace function cursor_decode(_cursor text) returns jsonb language plpgsql stable as $$
begin
  if _cursor is not null and cursor_read(_cursor) ->> 0 is distinct from cursor_list() then
    perform fail(400, 'the cursor is none of this list; begin without one, or repeat the request that it came from', 'cursor');
  end if;
  return cursor_read(_cursor) -> 1;
end $$;

-- Items fetched with one more than the limit, as a page. `_keys`: their sort keys.
create or replace function page(_items json[], _keys jsonb[], _limit int) returns api_reply language sql stable as $$
select row(json_build_object('items', coalesce(array_to_json(_items[1:_limit]), '[]'),
                             'next', case when cardinality(_items) > _limit then cursor_encode(_keys[_limit]) end),
           null, null)::api_reply
$$;

-- A page of a list with filters that no index answers: they are tried on the rows of `_scan` (columns d
-- and key; $1 project, $2 cursor or null), which ends after scan_limit() of them. Then the page is
-- short, even empty, and `next` goes on behind them, so that no request reads a fleet.
create or replace function page_of_scan(_call api_request, _project project, _item text, _scan text, _filter text)
returns api_reply language plpgsql stable as $$
declare
  _limit  constant int := page_limit(_call);
  _cursor constant jsonb := cursor_decode(_call.params ->> 'cursor');
  _page   api_reply;
  _last   jsonb;
begin
  execute format('select (page).* from (select page(array_agg(%s), array_agg(s.key), $3)'
                 '  from (select * from (%s) s where %s limit $3 + 1) s) s', _item, _scan, _filter)
     into _page using _project.id, _cursor, _limit;
  if _page.body ->> 'next' is null and _filter <> 'true' then
    execute format('select s.key from (%s) s offset %s limit 1', _scan, scan_limit() - 1) into _last using _project.id, _cursor;
    if _last is not null then
      _page.body := jsonb_set(_page.body::jsonb, '{next}', to_jsonb(cursor_encode(_last)))::json;
    end if;
  end if;
  return _page;
end $$;

-- Each of these rows may cost a look into another table, which need not be in memory: some ten milliseconds in all.
create or replace function scan_limit() returns int language sql immutable as $$
select 2000
$$;

-- How many rows the planner expects of a query, without running it.
create or replace function rows_expected(_query text) returns bigint language plpgsql as $$
declare
  _plan json;
begin
  execute 'explain (format json) ' || _query into _plan;
  return _plan -> 0 -> 'Plan' ->> 'Plan Rows';
end $$;

create or replace function reply(_body json, _etag text default null, _status int default null) returns api_reply
language sql immutable as $$
select row(_body, _etag, _status)::api_reply
$$;
