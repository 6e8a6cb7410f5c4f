-- Artifacts: stored bytes, which payloads are made of, and uploads that are not there yet.

create or replace function artifact_used(_artifact artifact) returns boolean language sql stable as $$
select exists (select from payload y where y.artifact_id = _artifact.id)
$$;

create or replace function artifact_json(_artifact artifact) returns json language sql stable as $$
select json_build_object(
  'sha256', _artifact.sha256, 'sha1', _artifact.sha1, 'md5', _artifact.md5, 'size', _artifact.size,
  'filename', _artifact.filename, 'swu', _artifact.swu, 'used', artifact_used(_artifact), 'created_at', _artifact.created_at)
$$;

-- The bytes are in the store: now the project has them. Can be repeated. Bytes that it has already are known by their
-- newest name.
create or replace function artifact_add(_actor jsonb, _project int, _sha256 text, _sha1 text, _md5 text, _size bigint, _filename text,
                                        _swu jsonb, out artifact artifact, out is_new boolean) language plpgsql as $$
declare
  _call api_request;
  _slug constant text := (select p.slug from project p where p.id = _project);
  _old  artifact;
begin
  _call.actor := _actor;
  loop -- until it is there, however often somebody deletes it meanwhile
    insert into artifact (project_id, sha256, sha1, md5, size, filename, swu)
    values (_project, _sha256, _sha1, _md5, _size, _filename, _swu)
    on conflict (project_id, sha256) do nothing
    returning * into artifact;
    is_new := found;
    if is_new then
      perform audit_add(_call, _slug, 'artifact.add', 'artifact ' || _sha256, null, artifact_json(artifact)::jsonb);
      return;
    end if;
    select * into artifact from artifact a where a.project_id = _project and a.sha256 = _sha256 for no key update;
    exit when found;
  end loop;
  if artifact.filename <> _filename then
    _old := artifact;
    update artifact a set filename = _filename where a.id = _old.id returning * into artifact;
    perform audit_add(_call, _slug, 'artifact.rename', 'artifact ' || _sha256, artifact_json(_old)::jsonb, artifact_json(artifact)::jsonb);
  end if;
end $$;

create or replace function find_artifact(_project project, _sha256 text) returns artifact language plpgsql stable as $$
declare
  _artifact artifact;
begin
  select * into _artifact from artifact a where a.project_id = _project.id and a.sha256 = _sha256;
  if not found then
    perform fail(404, 'no such artifact');
  end if;
  return _artifact;
end $$;

create or replace function api_artifact_list(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
begin
  return page_of_list(_call, 'artifact', 'artifact_json(s.x)',
    concat_ws(' and ', format('x.project_id = %s', _project.id),
      case when _call.params ? 'search' then text_contains('x.filename', _call.params ->> 'search') end,
      case when _call.params ? 'used' then format('artifact_used(x) = %L', _call.params ->> 'used') end),
    '{"created_at": ["x.id", "bigint"], "filename": ["x.filename", "text"], "size": ["x.size", "bigint"]}', '-created_at');
end $$;

-- With the payloads that are made of it.
create or replace function api_artifact_get(_call api_request) returns api_reply language plpgsql as $$
declare
  _artifact constant artifact := find_artifact(path_project(_call), _call.path ->> 'artifact');
begin
  return reply((artifact_json(_artifact)::jsonb || jsonb_build_object('payloads', coalesce((
    select jsonb_agg(jsonb_build_object('id', y.id, 'release', release_name(r), 'filename', y.filename,
                                        'software_type', y.software_type, 'hardware_versions', y.hardware_versions) order by y.id desc)
      from payload y join release r on r.id = y.release_id
     where y.artifact_id = _artifact.id), '[]')))::json, etag(artifact_json(_artifact)));
end $$;

-- Unless a release needs it. The file goes when no project has had it for a while: gateway/removal.h.
create or replace function api_artifact_delete(_call api_request) returns api_reply language plpgsql as $$
declare
  _project  constant project := lock_project(_call);
  _artifact artifact;
  _releases text[];
begin
  perform from artifact a where a.project_id = _project.id and a.sha256 = _call.path ->> 'artifact' for update;
  _artifact := find_artifact(_project, _call.path ->> 'artifact');
  perform check_match(_call, artifact_json(_artifact));
  _releases := array(select distinct release_name(r) from payload y join release r on r.id = y.release_id
                      where y.artifact_id = _artifact.id order by 1 limit 11);
  if cardinality(_releases) > 0 then
    perform fail(409, format('the artifact is in use by %s; remove their payloads or delete these releases first',
                             array_to_string(_releases[1:10], ', ') || case when cardinality(_releases) > 10 then ' and others' else '' end));
  end if;
  delete from artifact a where a.id = _artifact.id;
  perform audit_add(_call, _project.slug, 'artifact.delete', 'artifact ' || _artifact.sha256, artifact_json(_artifact)::jsonb, null);
  return reply(null, null, 204);
end $$;

create or replace function artifact_deleted() returns trigger language plpgsql as $$
begin
  insert into artifact_gone (sha256, gone_at) values (old.sha256, clock_timestamp())
  on conflict (sha256) do update set gone_at = greatest(artifact_gone.gone_at, excluded.gone_at);
  return null;
end $$;
create or replace trigger artifact_deleted after delete on artifact
  for each row execute function artifact_deleted();

-- ---- Uploads ----

create or replace function upload_json(_upload upload) returns json language sql immutable as $$
select json_strip_nulls(json_build_object(
  'id', _upload.id, 'filename', _upload.filename, 'size', _upload.size, 'received', _upload.received, 'complete', false,
  'expected_sha256', _upload.expected_sha256, 'created_at', _upload.created_at, 'expires_at', _upload.expires_at))
$$;

-- Those that are not complete.
create or replace function api_upload_list(_call api_request) returns api_reply language plpgsql as $$
declare
  _project constant project := path_project(_call);
  _limit   constant int := page_limit(_call);
  _before  constant jsonb := cursor_decode(_call.params ->> 'cursor');
begin
  return (select page(array_agg(upload_json(s.u)), array_agg(jsonb_build_array((s.u).created_at, (s.u).id)), _limit)
            from (select u from upload u
                   where u.project_id = _project.id and u.artifact_id is null and u.expires_at > now()
                     and (_before is null or (u.created_at, u.id) < ((_before ->> 0)::timestamptz, _before ->> 1))
                   order by u.created_at desc, u.id desc limit _limit + 1) s);
end $$;
