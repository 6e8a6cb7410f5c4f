-- Logging in with a password. gateway/password.c knows passwords; here are attempts, sessions and tokens.

-- What attempts are counted by: so many are free, then each doubles the wait, up to so many seconds.
-- Strict where the attacker sits, lenient for the account itself, so that its owner is not shut out.
create or replace function login_limits(_email text, _address text)
returns table (kind text, subject text, free int, longest int) language sql immutable as $$
values ('account from address', _email || ' ' || login_network(_address), 5, 900),
       ('address', login_network(_address), 20, 900),
       ('account', _email, 50, 60)
$$;

-- Whoever has one IPv6 address has 2^64 of them.
create or replace function login_network(_address text) returns text language sql immutable as $$
select case when _address like '%:%' then host(network(set_masklen(_address::inet, 64))) else _address end
$$;

-- At most so many in ten seconds, by whomever: each costs a worker about a tenth of a second.
create or replace function login_crowded() returns boolean language plpgsql as $$
declare
  _most   constant int := 50;
  _crowd  login_attempt;
begin
  insert into login_attempt as a (kind, subject, failures, at, until)
  values ('everyone', '', 1, now(), now() + interval '10 seconds')
  on conflict (kind, subject) do update
     set failures = case when a.until <= now() then 1 else a.failures + 1 end,
         until = case when a.until <= now() then excluded.until else a.until end,
         at = now()
  returning * into _crowd;
  return _crowd.failures > _most;
end $$;

-- A quarter of an hour without any attempt forgives one: where people log in every day, errors do not add up for ever.
-- The last attempt may be the later one: whoever waits for it has begun before.
create or replace function login_remembered(_attempt login_attempt) returns int language sql stable as $$
select greatest(_attempt.failures - greatest(floor(extract(epoch from now() - _attempt.at) / 900)::int, 0), 0)
$$;

create or replace function login_begin(_email text, _address text, out wait int, out password text) language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtext('mews.login')); -- many at once are as many as one after the other
  select ceil(extract(epoch from max(a.until) - now())) into wait
    from login_limits(lower(_email), _address) l
    join login_attempt a using (kind, subject)
   where a.until > now();
  if wait is not null then
    return; -- and not counted: who is refused must not use up what is free for others
  end if;
  if login_crowded() then
    wait := 10;
    return;
  end if;
  insert into login_attempt as a (kind, subject, failures, at, until)
  select l.kind, l.subject, 1, now(), now()
    from login_limits(lower(_email), _address) l
   order by 1, 2
  on conflict (kind, subject) do update
     set failures = case when a.at < now() - interval '1 day' then 1 else login_remembered(a) + 1 end, at = now();
  update login_attempt a
     set until = now() + least(l.longest, power(2, least(a.failures - l.free, 20))) * interval '1 second'
    from login_limits(lower(_email), _address) l
   where a.kind = l.kind and a.subject = l.subject and a.failures > l.free;
  delete from login_attempt
   where (kind, subject) in (select a.kind, a.subject from login_attempt a where a.at < now() - interval '1 day' limit 10 for update skip locked);
  select nullif(o.password, '') into password from operator o where o.email = lower(_email);
end $$;

-- Forget what was counted for somebody who knew the password, and that others at the address would have to wait for it.
create or replace function login_forgive(_email text, _address text) returns void language sql as $$
select from login_attempt a join login_limits(lower(_email), _address) l using (kind, subject)
 order by a.kind, a.subject for update of a; -- as login_begin() does
delete from login_attempt a
 using login_limits(lower(_email), _address) l
 where a.kind = l.kind and a.subject = l.subject and l.kind <> 'address';
update login_attempt
   set failures = greatest(failures - 1, 0), until = now()
 where kind = 'address' and subject = login_network(_address);
$$;

-- The account as the API shows it; null: the password is another one by now.
create or replace function login_end(_email text, _password text, _address text, _request text, _secret jsonb, _token_name text)
returns json language plpgsql as $$
declare
  _operator operator;
  _call     api_request;
  _token    api_token;
begin
  select * into _operator from operator o where o.email = lower(_email) and o.password = _password for no key update;
  if not found then
    return null;
  end if;
  perform login_forgive(_email, _address);
  if _token_name is null then
    insert into session (hash, operator_id, csrf, expires_at)
    values (_secret ->> 'hash', _operator.id, _secret ->> 'csrf', now() + interval '12 hours');
    delete from session where hash in (select s.hash from session s where s.expires_at < now() limit 10 for update skip locked);
  else
    insert into api_token (name, hash, prefix, operator_id, created_by, expires_at)
    values (format('%s (%s)', _operator.email, _token_name), _secret ->> 'hash', _secret ->> 'prefix', _operator.id,
            _operator.email, now() + interval '90 days')
    returning * into _token;
  end if;
  _call.actor := jsonb_build_object('kind', 'user', 'name', _operator.email, 'address', _address, 'request_id', _request);
  perform audit_add(_call, null, 'user.login', 'user ' || _operator.email, null, null);
  if _token_name is not null then
    perform audit_add(_call, null, 'token.create', format('token %s', _token.id), null, token_json(_token)::jsonb - 'last_used_at');
  end if;
  return user_json(_operator);
end $$;
