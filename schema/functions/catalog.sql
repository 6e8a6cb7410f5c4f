-- The catalog of a project: what a worker keeps in memory, and the number that says when it is stale.

-- Any change of what a catalog holds bumps the generation of its project in the same transaction.
create or replace function catalog_changed() returns trigger language plpgsql as $$
begin
  update project
     set generation = generation + 1
   where id in (select project_id from changed);
  return null;
end $$;

do $$
declare
  _table text;
  _event text;
  _rows  text;
begin
  foreach _table in array array['cohort', 'project_key', 'release', 'payload', 'activation'] loop
    foreach _event in array array['insert', 'update', 'delete'] loop
      _rows := case _event when 'delete' then 'old' else 'new' end;
      execute format('create or replace trigger catalog_%s after %s on %I referencing %s table as changed '
                     'for each statement execute function catalog_changed()', _event, _event, _table, _rows);
    end loop;
  end loop;
end $$;

-- The project's own settings are part of its catalog.
create or replace function project_changed() returns trigger language plpgsql as $$
begin
  if new.generation = old.generation then
    new.generation := old.generation + 1;
  end if;
  return new;
end $$;
create or replace trigger project_changed before update on project
  for each row execute function project_changed();

-- One release with its payloads, as gateway/catalog.c reads it.
create or replace function catalog_release(_release bigint) returns json language sql stable as $$
select json_build_object(
  'id', r.id, 'version', r.version, 'from', r.from_version, 'must_pass_through', r.must_pass_through,
  'notes', r.notes, 'revision', r.revision, 'extra_info', r.extra_info,
  'payloads', coalesce((
    select json_agg(json_build_object(
             'id', y.id, 'filename', y.filename, 'software_type', y.software_type,
             'hardware_versions', y.hardware_versions, 'attributes', y.attributes,
             'extra_info', y.extra_info, 'sha256', a.sha256, 'sha1', a.sha1, 'md5', a.md5, 'size', a.size,
             'created', extract(epoch from a.created_at)::bigint) order by y.id)
      from payload y
      join artifact a on a.id = y.artifact_id
     where y.release_id = r.id), '[]'))
  from release r
 where r.id = _release
$$;

-- Everything of one project, from the snapshot of the statement that calls.
create or replace function catalog(_project int) returns json language sql stable as $$
select json_build_object(
  'project_id', p.id, 'generation', p.generation, 'slug', p.slug, 'url_secret', p.url_secret,
  'version_scheme', p.version_scheme, 'allow_build_metadata', p.allow_build_metadata,
  'retry_attempts', p.retry_attempts, 'retry_backoff', p.retry_backoff,
  'targeting', p.targeting_attributes,
  'keys', coalesce((
    select json_agg(json_build_object('id', k.id, 'hash', k.hash, 'cohort_id', k.cohort_id) order by k.id)
      from project_key k
     where k.project_id = p.id and k.revoked_at is null), '[]'),
  'cohorts', coalesce((
    select json_agg(json_build_object(
             'id', c.id, 'slug', c.slug, 'is_default', c.is_default, 'version_checking', c.version_checking,
             'polling_interval', case when c.development_mode then 60
                                      else coalesce(c.polling_interval, p.polling_interval) end,
             'activations', coalesce((
               select json_agg(json_build_object('id', v.id, 'release_id', v.release_id, 'staged', v.staged)
                               order by v.id)
                 from activation v
                where v.cohort_id = c.id and v.pulled_at is null), '[]')) order by c.id)
      from cohort c
     where c.project_id = p.id), '[]'),
  'releases', coalesce((
    select json_agg(catalog_release(r.id) order by r.id)
      from release r
     where r.id in (select v.release_id from activation v where v.project_id = p.id and v.pulled_at is null)),
    '[]'))
  from project p
 where p.id = _project
$$;
