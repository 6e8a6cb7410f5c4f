-- Activations: a release made active for a cohort, until it is pulled.

create or replace function activation_json(_activation activation) returns json language sql stable as $$
select json_build_object(
  'id', _activation.id, 'release', release_name(r), 'cohort', c.slug, 'staged', _activation.staged,
  'active', _activation.pulled_at is null,
  'activated_by', _activation.activated_by, 'activated_token', _activation.activated_token, 'created_at', _activation.created_at,
  'pulled_by', _activation.pulled_by, 'pulled_token', _activation.pulled_token, 'pulled_at', _activation.pulled_at)
  from release r
  left join cohort c on c.id = _activation.cohort_id -- null: deleted since
 where r.id = _activation.release_id
$$;

-- Who did it, in the two columns that activations have for it.
create or replace function actor_user(_call api_request) returns text language sql immutable as $$
select case when _call.actor ->> 'kind' = 'user' then _call.actor ->> 'name' else '' end
$$;

create or replace function actor_token(_call api_request) returns text language sql immutable as $$
select case when _call.actor ->> 'kind' = 'token' then _call.actor ->> 'name' else '' end
$$;

-- What keeps a release from being activated, and what to do about it; null: nothing. Payloads may be older than the
-- project's signers.
create or replace function activation_problem(_project project, _release release) returns text language sql stable as $$
select case
  when not exists (select from payload y where y.release_id = _release.id)
    then format('release %s has no payload yet; add one first', release_name(_release))
  else (select format('payload %s (%s) of release %s: %s; %s a file that one of its signers has signed',
                      y.id, y.filename, release_name(_release), signature_problem(_project, a),
                      case when _release.activated_at is null then 'remove the payload and add' else 'create a new release with' end)
          from payload y join artifact a on a.id = y.artifact_id
         where y.release_id = _release.id and signature_problem(_project, a) is not null
         order by y.id limit 1) end
$$;

create or replace function api_activation_create(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := lock_project(_call);
  _cohort  constant cohort := find_cohort(_project, _call.body ->> 'cohort', 422, '/cohort');
  _release constant release := find_release(_project, _call.body ->> 'release', 422, '/release');
  _activation activation;
  _problem    text;
begin
  perform check_protected(_call, _cohort);
  update release r set activated_at = coalesce(r.activated_at, now()) where r.id = _release.id;
  _problem := activation_problem(_project, _release);
  if _problem is not null then
    perform fail(409, _problem, '/release');
  end if;
  insert into activation (project_id, cohort_id, release_id, staged, activated_by, activated_token)
  values (_project.id, _cohort.id, _release.id, coalesce((_call.body ->> 'staged')::boolean, false), actor_user(_call), actor_token(_call))
  on conflict (cohort_id, release_id) where pulled_at is null do nothing
  returning * into _activation;
  if not found then
    perform fail(409, format('release %s is active in cohort %s already', release_name(_release), _cohort.slug), '/release');
  end if;
  perform audit_add(_call, _project.slug, 'activation.create', format('release %s in cohort %s', release_name(_release), _cohort.slug),
                    null, activation_json(_activation)::jsonb);
  return reply(activation_json(_activation));
end $$;

create or replace function api_activation_list(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
  _limit   constant int := page_limit(_call);
  _before  constant bigint := coalesce((cursor_decode(_call.params ->> 'cursor') ->> 0)::bigint, 9223372036854775807);
  _cohort  cohort;
  _release release;
begin
  if _call.params ? 'cohort' then
    _cohort := find_cohort(_project, _call.params ->> 'cohort', 400, 'cohort');
  end if;
  if _call.params ? 'release' then
    _release := find_release(_project, _call.params ->> 'release', 400, 'release');
  end if;
  return (select page(array_agg(activation_json(s.v)), array_agg(jsonb_build_array((s.v).id)), _limit)
            from (select v
                    from activation v
                   where v.project_id = _project.id and v.id < _before
                     and (_cohort.id is null or v.cohort_id = _cohort.id)
                     and (_release.id is null or v.release_id = _release.id)
                     and (not _call.params ? 'active' or (v.pulled_at is null) = (_call.params ->> 'active')::boolean)
                   order by v.id desc limit _limit + 1) s);
end $$;

create or replace function find_activation(_project project, _id text) returns activation language plpgsql stable as $$
declare
  _activation activation;
begin
  select * into _activation from activation v where v.project_id = _project.id and v.id::text = _id;
  if not found then
    perform fail(404, 'no such activation');
  end if;
  return _activation;
end $$;

create or replace function api_activation_get(_call api_request) returns api_reply language plpgsql as $$
begin
  return reply(activation_json(find_activation(path_project(_call), _call.path ->> 'activation')));
end $$;

-- From the moment that this has been answered, nobody is offered the release by this activation.
create or replace function api_activation_pull(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := lock_project(_call);
  _old     constant activation := find_activation(_project, _call.path ->> 'activation');
  _cohort  cohort;
  _new     activation;
begin
  select * into _cohort from cohort c where c.id = _old.cohort_id;
  perform check_protected(_call, _cohort);
  update activation v
     set pulled_at = now(), pulled_by = actor_user(_call), pulled_token = actor_token(_call)
   where v.id = _old.id and v.pulled_at is null
  returning * into _new;
  if not found then
    return reply(activation_json(find_activation(_project, _old.id::text))); -- pulled already, and stays so
  end if;
  perform audit_add(_call, _project.slug, 'activation.pull',
                    format('release %s in cohort %s', (select release_name(r) from release r where r.id = _new.release_id), _cohort.slug),
                    activation_json(_old)::jsonb, activation_json(_new)::jsonb);
  return reply(activation_json(_new));
end $$;
