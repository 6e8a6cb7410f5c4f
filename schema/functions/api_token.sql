-- Lists of tokens, one token, and the tokens of whoever asks.

create or replace function tokens_page(_call api_request, _where text) returns api_reply language sql stable as $$
select page_of_list(_call, 'api_token', 'token_json(s.x)',
  concat_ws(' and ', _where,
    case when _call.params ? 'search' then text_contains('x.name || '' '' || x.prefix', _call.params ->> 'search') end,
    case when _call.params ? 'valid'
         then format('(x.revoked_at is null and coalesce(x.expires_at > now(), true)) = %L', _call.params ->> 'valid') end),
  '{"created_at": ["x.id", "int"], "name": ["lower(x.name)", "text"],
    "expires_at": ["coalesce(x.expires_at, ''infinity'')", "timestamptz"],
    "last_used_at": ["coalesce(x.last_used_at, ''-infinity'')", "timestamptz"]}', '-created_at')
$$;

create or replace function api_token_list(_call api_request) returns api_reply language sql stable as $$
select tokens_page(_call, 'true')
$$;

create or replace function find_token(_id text) returns api_token language plpgsql as $$
declare
  _token api_token;
begin
  select * into _token from api_token t where t.id::text = _id for no key update;
  if not found then
    perform fail(404, 'no such token');
  end if;
  return _token;
end $$;

create or replace function api_token_get(_call api_request) returns api_reply language plpgsql as $$
begin
  return reply(token_json(find_token(_call.path ->> 'token')));
end $$;

-- ---- Those that logins of the caller's user gave; a token without a user has none ----

create or replace function my_id(_call api_request) returns int language sql stable as $$
select o.id from operator o where o.email = _call.actor ->> 'account'
$$;

create or replace function api_me_tokens(_call api_request) returns api_reply language sql stable as $$
select tokens_page(_call, format('x.operator_id = %L', my_id(_call)))
$$;

create or replace function api_me_token_revoke(_call api_request) returns api_reply language plpgsql as $$
declare
  _token constant api_token := find_token(_call.path ->> 'token');
begin
  if coalesce(_token.operator_id <> my_id(_call), true) then
    perform fail(404, 'you have no such token');
  end if;
  return reply(token_json(token_revoke(_call, _token)));
end $$;
