-- The first start: project `_slug`, its default cohort, a project key and an administrator's token.
-- Whatever is there already stays. `created`: the key and the token are new.
create or replace function init_installation(_slug text, _key_hash text, _key_prefix text, _token_hash text, _token_prefix text)
returns table (created boolean) language plpgsql as $$
declare
  _project int;
begin
  perform pg_advisory_xact_lock(hashtext('mews.init'));
  insert into project (slug, name) values (_slug, initcap(_slug)) on conflict (slug) do nothing;
  select id into _project from project where slug = _slug;
  insert into cohort (project_id, slug, name, is_default)
  select _project, 'default', 'Default', true
   where not exists (select from cohort where project_id = _project);
  if exists (select from project_key where project_id = _project) or exists (select from api_token) then
    return query select false;
    return;
  end if;
  insert into project_key (project_id, name, hash, prefix) values (_project, 'first', _key_hash, _key_prefix);
  insert into api_token (name, hash, prefix, role, may_change_protected, created_by)
  values ('first', _token_hash, _token_prefix, 'admin', true, 'mewsd --init');
  return query select true;
end $$;
