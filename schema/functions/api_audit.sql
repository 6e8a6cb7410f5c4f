-- The audit log: read, export, verify.

create or replace function audit_json(_entry audit) returns json language sql immutable as $$
select json_build_object(
  'id', _entry.id, 'at', _entry.at, 'actor_kind', _entry.actor_kind, 'actor', _entry.actor, 'address', _entry.address,
  'request_id', _entry.request_id, 'project', _entry.project, 'action', _entry.action, 'object', _entry.object,
  'before', _entry.before, 'after', _entry.after, 'hash', _entry.hash)
$$;

-- A cell of a CSV file; spreadsheets take what begins with = + - @ for a formula.
create or replace function csv_cell(_text text) returns text language sql immutable as $$
select '"' || replace(case when _text ~ '^[=+@-]' then '''' || _text else coalesce(_text, '') end, '"', '""') || '"'
$$;

create or replace function audit_csv(_entry audit) returns text language sql immutable as $$
select concat_ws(',', _entry.id, to_json(_entry.at) #>> '{}', csv_cell(_entry.actor_kind), csv_cell(_entry.actor), csv_cell(_entry.address),
                 csv_cell(_entry.request_id), csv_cell(_entry.project), csv_cell(_entry.action), csv_cell(_entry.object),
                 csv_cell(_entry.before::text), csv_cell(_entry.after::text), csv_cell(_entry.hash))
$$;

-- Administrators see everything, others what belongs to a project of theirs, and not to one that had its
-- slug before. Returns the parameters that say so.
create or replace function audit_scope(_call api_request) returns jsonb language plpgsql as $$
declare
  _project project;
begin
  if _call.actor ->> 'role' = 'admin' then
    return _call.params;
  end if;
  select * into _project from project p where p.slug = _call.params ->> 'project' and may_read(_call, p.id);
  if not found then
    perform fail(403, 'name a project that you may see: ?project=SLUG', 'project');
  end if;
  return _call.params || jsonb_build_object('since', greatest((_call.params ->> 'since')::timestamptz, _project.created_at));
end $$;

-- As device_filter(): conditions on a row a. Ids grow with time, so times are looked up as ids.
create or replace function audit_filter(_params jsonb, _indexed boolean) returns text language sql stable as $$
select concat_ws(' and ', 'true',
  case when _indexed and _params ? 'project' then format('(a).project = %L', _params ->> 'project') end,
  case when _indexed and _params ? 'object' then format('(a).object = %L', _params ->> 'object') end,
  case when _indexed and _params ? 'since'
       then format('(a).id >= coalesce((select x.id from audit x where x.at >= %L order by x.at limit 1), 9223372036854775807)',
                   _params ->> 'since') end,
  case when _indexed and _params ? 'until'
       then format('(a).id <= coalesce((select x.id from audit x where x.at < %L order by x.at desc limit 1), 0)',
                   _params ->> 'until') end,
  case when not _indexed and _params ? 'actor' then format('(a).actor = %L', _params ->> 'actor') end,
  case when not _indexed and _params ? 'actor_kind' then format('(a).actor_kind = %L', _params ->> 'actor_kind') end,
  case when not _indexed and _params ? 'action'
       then format('((a).action = %L or starts_with((a).action, %L))', _params ->> 'action', (_params ->> 'action') || '.') end)
$$;

create or replace function audit_scan(_params jsonb) returns text language sql stable as $$
select format('select a, jsonb_build_array(a.id) as key from audit a'
              ' where ($1::int is null or true) and ($2::jsonb is null or a.id < ($2 ->> 0)::bigint) and %s'
              ' order by a.id desc limit %s', audit_filter(_params, true), scan_limit())
$$;

create or replace function api_audit_list(_call api_request) returns api_reply language plpgsql as $$
begin
  _call.params := audit_scope(_call);
  return page_of_scan(_call, null, 'audit_json(s.a)', audit_scan(_call.params), audit_filter(_call.params, false));
end $$;

-- The same as the text of a file: {"text", "next"}. manage/audit.c turns it into one.
create or replace function api_audit_export(_call api_request) returns api_reply language plpgsql as $$
declare
  _csv    constant boolean := coalesce(_call.params ->> 'format', 'jsonl') = 'csv';
  _head   constant text := 'id,at,actor_kind,actor,address,request_id,project,action,object,before,after,hash' || chr(13) || chr(10);
  _page   api_reply;
  _lines  text;
begin
  _call.params := audit_scope(_call) || jsonb_build_object('limit', coalesce((_call.params ->> 'limit')::int, 1000));
  _page := page_of_scan(_call, null, case when _csv then 'to_json(audit_csv(s.a))' else 'audit_json(s.a)' end,
                        audit_scan(_call.params), audit_filter(_call.params, false));
  select string_agg(case when _csv then (item #>> '{}') || chr(13) else item::text end || chr(10), '' order by place) into _lines
    from json_array_elements(_page.body -> 'items') with ordinality as i (item, place);
  return reply(json_build_object('text', case when _csv and not _call.params ? 'cursor' then _head else '' end || coalesce(_lines, ''),
                                 'next', _page.body -> 'next'));
end $$;

-- ---- Has anybody altered it? ----

-- The first entry behind (`_id`, `_hash`) that is not as it was written; what is wrong with it, or null.
create or replace function audit_check(_id bigint, _hash text, _limit int, out last bigint, out hash text, out bad bigint, out problem text)
language plpgsql stable as $$
declare
  _entry audit;
  _head  audit_head;
  _seen  int := 0;
begin
  last := _id;
  hash := _hash;
  select min(a.id) into bad from audit a where _id = 0 and a.id < 1;
  if bad is not null then
    problem := 'it was never written: the first entry is 1';
    return;
  end if;
  for _entry in select * from audit a where a.id > _id order by a.id limit _limit loop
    bad := last + 1;
    if _entry.id <> bad then
      problem := 'it is missing';
      return;
    elsif _entry.hash <> audit_hash(_entry, hash) then
      problem := 'it does not fit its hash and the entry before it: it was altered';
      return;
    end if;
    last := _entry.id;
    hash := _entry.hash;
    bad := null;
    _seen := _seen + 1;
  end loop;
  select * into _head from audit_head;
  if _seen < _limit and last < _head.id then
    bad := last + 1;
    problem := 'it is missing, and all that followed it';
  elsif _seen < _limit and (last, hash) is distinct from (_head.id, _head.hash) then
    bad := last;
    problem := 'it is not the entry that was written last';
  end if;
end $$;

-- In portions: `next` goes on.
create or replace function api_audit_verify(_call api_request) returns api_reply language plpgsql stable as $$
declare
  _portion constant int := 5000;
  _from    constant jsonb := coalesce(cursor_decode(_call.params ->> 'cursor'), '[0, ""]');
  _check   record;
  _head    audit_head;
begin
  select * into _check from audit_check((_from ->> 0)::bigint, _from ->> 1, _portion);
  select * into _head from audit_head;
  return reply(json_build_object(
    'intact', _check.problem is null,
    'checked', _check.last - (_from ->> 0)::bigint,
    'first', case when _check.problem is not null then json_build_object('id', _check.bad, 'problem', _check.problem) end,
    'head', json_build_object('id', _head.id, 'hash', _head.hash),
    'next', case when _check.problem is null and _check.last < _head.id then cursor_encode(jsonb_build_array(_check.last, _check.hash)) end));
end $$;
