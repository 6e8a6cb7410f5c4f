-- Users, tokens, and whoever asks.

create or replace function user_json(_operator operator) returns json language sql stable as $$
select json_build_object(
  'id', _operator.id, 'email', _operator.email, 'name', _operator.name, 'admin', _operator.is_admin,
  'has_password', _operator.password <> '',
  'roles', coalesce((select json_object_agg(p.slug, r.role order by p.slug)
                       from operator_role r join project p on p.id = r.project_id
                      where r.operator_id = _operator.id), '{}'),
  'created_at', _operator.created_at)
$$;

-- By id or e-mail.
create or replace function find_user(_call api_request) returns operator language plpgsql as $$
declare
  _operator operator;
begin
  select * into _operator from operator o
   where o.id::text = _call.path ->> 'user' or o.email = lower(_call.path ->> 'user')
     for no key update;
  if not found then
    perform fail(404, 'no such user');
  end if;
  return _operator;
end $$;

create or replace function api_user_list(_call api_request) returns api_reply language plpgsql as $$
begin
  return page_of_list(_call, 'operator', 'user_json(s.x)',
    case when _call.params ? 'search' then text_contains('x.email || '' '' || x.name', _call.params ->> 'search') else 'true' end,
    '{"email": ["x.email", "text"], "name": ["lower(x.name)", "text"], "created_at": ["x.id", "int"]}', 'email');
end $$;

create or replace function api_user_get(_call api_request) returns api_reply language plpgsql as $$
declare
  _operator constant operator := find_user(_call);
begin
  return reply(user_json(_operator), etag(_operator.id, _operator.revision));
end $$;

-- {"project": "reader"}; none takes a role away. Others stay.
create or replace function user_roles(_operator operator, _roles jsonb) returns void language plpgsql as $$
declare
  _project int;
  _slug    text;
  _role    text;
begin
  for _slug, _role in select * from jsonb_each_text(coalesce(_roles, '{}')) loop
    select id into _project from project where slug = _slug;
    if not found then
      perform fail(422, format('no such project: %s', _slug), '/roles/' || replace(replace(_slug, '~', '~0'), '/', '~1'));
    elsif _role = 'none' then
      delete from operator_role r where r.operator_id = _operator.id and r.project_id = _project;
    else
      insert into operator_role (operator_id, project_id, role) values (_operator.id, _project, _role::project_role)
      on conflict (operator_id, project_id) do update set role = excluded.role;
    end if;
  end loop;
end $$;

create or replace function api_user_create(_call api_request) returns api_reply language plpgsql as $$
declare
  _email    constant text := lower(_call.body ->> 'email');
  _operator operator;
begin
  if _email !~ '^[^@[:space:]]+@[^@[:space:]]+$' then
    perform fail(422, 'this is no e-mail address', '/email');
  end if;
  insert into operator (email, name, password, is_admin)
  values (_email, coalesce(_call.body ->> 'name', ''), coalesce(_call.secret ->> 'password', ''),
          coalesce((_call.body ->> 'admin')::boolean, false))
  on conflict do nothing
  returning * into _operator;
  if not found then
    perform fail(409, 'a user with this e-mail exists already', '/email');
  end if;
  perform user_roles(_operator, _call.body -> 'roles');
  perform audit_add(_call, null, 'user.create', 'user ' || _email, null, user_json(_operator)::jsonb);
  return reply(user_json(_operator), etag(_operator.id, _operator.revision));
end $$;

-- Nobody takes away what they would need to take it back.
create or replace function check_not_self(_call api_request, _operator operator) returns void language plpgsql as $$
begin
  if _call.actor ->> 'account' = _operator.email then
    perform fail(409, 'not for yourself; ask another administrator');
  end if;
end $$;

-- A new password ends all sessions, and the tokens that the old one gave. Returns what the log says of it.
create or replace function user_password(_operator operator, _password text) returns jsonb language plpgsql as $$
declare
  _revoked json;
begin
  delete from session s where s.operator_id = _operator.id;
  with revoked as (
    update api_token t set revoked_at = now()
     where t.operator_id = _operator.id and t.revoked_at is null
    returning t.id)
  select coalesce(json_agg(format('token %s', r.id) order by r.id), '[]') into _revoked from revoked r;
  update operator o set password = _password where o.id = _operator.id;
  return jsonb_build_object('password', 'changed', 'revoked', _revoked);
end $$;

create or replace function api_user_change(_call api_request) returns api_reply language plpgsql as $$
declare
  _old    operator := find_user(_call);
  _before constant jsonb := user_json(_old);
  _new    operator;
  _change jsonb := '{}';
begin
  perform check_match(_call, etag(_old.id, _old.revision));
  if _old.is_admin and not coalesce((_call.body ->> 'admin')::boolean, true) then
    perform check_not_self(_call, _old);
  end if;
  if _call.secret ? 'password' then
    _change := user_password(_old, _call.secret ->> 'password');
  end if;
  perform user_roles(_old, _call.body -> 'roles');
  update operator o
     set name = coalesce(_call.body ->> 'name', o.name), is_admin = coalesce((_call.body ->> 'admin')::boolean, o.is_admin),
         revision = o.revision + 1
   where o.id = _old.id
  returning * into _new;
  _change := user_json(_new)::jsonb || _change;
  if _change <> _before then
    perform audit_add(_call, null, 'user.change', 'user ' || _new.email, _before, _change);
  end if;
  return reply(user_json(_new), etag(_new.id, _new.revision));
end $$;

create or replace function api_user_delete(_call api_request) returns api_reply language plpgsql as $$
declare
  _operator constant operator := find_user(_call);
  _before   constant jsonb := user_json(_operator)::jsonb;
begin
  perform check_match(_call, etag(_operator.id, _operator.revision));
  perform check_not_self(_call, _operator);
  delete from operator o where o.id = _operator.id;
  perform audit_add(_call, null, 'user.delete', 'user ' || _operator.email, _before, null);
  return reply(null, null, 204);
end $$;

-- ---- Tokens ----

create or replace function token_json(_token api_token) returns json language sql stable as $$
select json_build_object(
  'id', _token.id, 'name', _token.name, 'prefix', _token.prefix, 'role', _token.role,
  'projects', case when _token.projects is not null
                   then to_json(array(select p.slug from project p where p.id = any (_token.projects) order by p.slug)) end,
  'may_change_protected', _token.may_change_protected,
  'user', (select o.email from operator o where o.id = _token.operator_id),
  'created_by', _token.created_by, 'created_at', _token.created_at, 'expires_at', _token.expires_at,
  'revoked_at', _token.revoked_at, 'last_used_at', _token.last_used_at)
$$;

-- Ids of the projects that the body names; null: all.
create or replace function token_projects(_body jsonb) returns int[] language plpgsql stable as $$
declare
  _unknown text;
  _place   bigint;
begin
  if not _body ? 'projects' then
    return null;
  end if;
  if _body ->> 'role' = 'admin' then
    perform fail(422, 'an admin token reaches all projects', '/projects');
  end if;
  select given.slug, given.place - 1 into _unknown, _place
    from jsonb_array_elements_text(_body -> 'projects') with ordinality given (slug, place)
   where not exists (select from project p where p.slug = given.slug) limit 1;
  if found then
    perform fail(422, format('no such project: %s', _unknown), '/projects/' || _place);
  end if;
  return array(select p.id from project p where _body -> 'projects' ? p.slug);
end $$;

create or replace function api_token_create(_call api_request) returns api_reply language plpgsql as $$
declare
  _expires_at timestamptz := (_call.body ->> 'expires_at')::timestamptz;
  _token      api_token;
begin
  if _call.body ? 'expires_in' and _call.body ? 'expires_at' then
    perform fail(422, 'say either `expires_in` or `expires_at`', '/expires_in');
  elsif _expires_at < now() then
    perform fail(422, 'this time has passed', '/expires_at');
  end if;
  insert into api_token (name, hash, prefix, role, projects, may_change_protected, created_by, expires_at)
  values (_call.body ->> 'name', _call.secret ->> 'hash', _call.secret ->> 'prefix', _call.body ->> 'role', token_projects(_call.body),
          coalesce((_call.body ->> 'may_change_protected')::boolean, false), _call.actor ->> 'name',
          coalesce(_expires_at, now() + (_call.body ->> 'expires_in')::int * interval '1 second'))
  returning * into _token;
  perform audit_add(_call, null, 'token.create', format('token %s', _token.id), null, token_json(_token)::jsonb - 'last_used_at');
  return reply(token_json(_token));
end $$;

-- From the moment that this has been answered, no gateway takes it. Revoked ones stay as they are.
create or replace function token_revoke(_call api_request, _old api_token) returns api_token language plpgsql as $$
declare
  _new api_token;
begin
  if _old.revoked_at is not null then
    return _old;
  end if;
  update api_token t set revoked_at = now() where t.id = _old.id returning * into _new;
  perform audit_add(_call, null, 'token.revoke', format('token %s', _new.id),
                    token_json(_old)::jsonb - 'last_used_at', token_json(_new)::jsonb - 'last_used_at');
  return _new;
end $$;

create or replace function api_token_revoke(_call api_request) returns api_reply language plpgsql as $$
begin
  return reply(token_json(token_revoke(_call, find_token(_call.path ->> 'token'))));
end $$;

-- ---- Whoever asks ----

create or replace function api_me(_call api_request) returns api_reply language sql stable as $$
select reply(json_build_object(
  'kind', _call.actor ->> 'kind', 'name', _call.actor ->> 'name', 'admin', _call.actor ->> 'role' = 'admin',
  'user', (select user_json(o) from operator o where o.email = _call.actor ->> 'account'),
  'token', (select token_json(t) from api_token t
             where _call.actor ->> 'kind' = 'token' and t.id = (_call.actor ->> 'id')::int),
  'csrf', _call.actor ->> 'csrf'))
$$;

-- Has nobody ended the session or the token since it was looked up?
create or replace function still_signed_in(_call api_request) returns boolean language sql as $$
select case _call.actor ->> 'kind'
  when 'user' then exists (select from session s where s.hash = _call.actor ->> 'session')
  else exists (select from api_token t where t.id = (_call.actor ->> 'id')::int and t.revoked_at is null) end
$$;

create or replace function api_me_password(_call api_request) returns api_reply language plpgsql as $$
declare
  _operator operator;
  _before   jsonb;
  _change   jsonb;
begin
  select * into _operator from operator o where o.email = _call.actor ->> 'account' for no key update;
  if not still_signed_in(_call) then -- the old password that was compared is none any more
    perform fail(401, 'your password was changed just now, or you were deleted');
  end if;
  _before := user_json(_operator);
  _change := user_password(_operator, _call.secret ->> 'password');
  perform login_forgive(_operator.email, _call.actor ->> 'address');
  perform audit_add(_call, null, 'user.change', 'user ' || _operator.email, _before, _before || _change);
  return reply(null, null, 204);
end $$;

-- Ends the session, or the token that `login` gave. Other tokens are not ended by whoever holds them.
create or replace function api_logout(_call api_request) returns api_reply language plpgsql as $$
declare
  _token api_token;
begin
  if _call.actor ->> 'kind' = 'user' then
    delete from session s where s.hash = _call.actor ->> 'session';
    perform audit_add(_call, null, 'user.logout', 'user ' || (_call.actor ->> 'account'), null, null);
    return reply(null, null, 204);
  end if;
  select * into _token from api_token t where t.id = (_call.actor ->> 'id')::int and t.operator_id is not null for no key update;
  if not found then
    perform fail(409, 'this token was not made by a login; an administrator revokes it at /tokens');
  end if;
  perform token_revoke(_call, _token);
  return reply(null, null, 204);
end $$;
