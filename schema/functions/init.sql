-- The first start: project `_slug`, its default cohort, a project key and an administrator's token.
-- Whatever is there already stays. `created`: the key and the token are new.
create or replace function init_installation(_slug text, _key_hash text, _key_prefix text, _token_hash text, _token_prefix text)
returns table (created boolean) language plpgsql set timezone = 'UTC' as $$ -- as the gateways have it, for the log
declare
  _project project;
  _key     project_key;
  _token   api_token;
begin
  perform pg_advisory_xact_lock(hashtext('mews.init'));
  insert into project (slug, name) values (_slug, initcap(_slug)) on conflict (slug) do nothing returning * into _project;
  if found then
    insert into cohort (project_id, slug, name, is_default) values (_project.id, 'default', 'Default', true);
    perform audit_add(null, _slug, 'project.create', 'project ' || _slug, null, project_json(_project)::jsonb);
  end if;
  select * into _project from project where slug = _slug;
  if exists (select from project_key where project_id = _project.id) or exists (select from api_token) then
    return query select false;
    return;
  end if;
  insert into project_key (project_id, name, hash, prefix) values (_project.id, 'first', _key_hash, _key_prefix)
  returning * into _key;
  insert into api_token (name, hash, prefix, role, may_change_protected, created_by)
  values ('first', _token_hash, _token_prefix, 'admin', true, 'mewsd --init')
  returning * into _token;
  perform audit_add(null, _slug, 'key.create', 'key ' || _key.id, null, key_json(_key)::jsonb);
  perform audit_add(null, null, 'token.create', 'token ' || _token.id, null, token_json(_token)::jsonb - 'last_used_at');
  return query select true;
end $$;
