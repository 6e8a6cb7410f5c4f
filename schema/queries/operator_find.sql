-- Who has this token, and what may they do in this project? No row: nobody, or no longer.
-- `role` is reader, member, manager or admin; signed_in: nothing outside of projects; null: nothing
-- there. `projects`: ids of those that it reaches; null: all.
-- $1 SHA-256 of the token, hex; $2 the project's slug or null
with found as (
  select t.*
    from api_token t
   where t.hash = $1 and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
), used as (
  update api_token t
     set last_used_at = now()
    from found f
   where t.id = f.id and (f.last_used_at is null or f.last_used_at < now() - interval '1 minute')
)
select 'token' as kind, f.id, f.name, f.may_change_protected,
       case when f.project_id is not null then array_to_json(array[f.project_id]) end as projects,
       case when f.role = 'admin' then f.role
            when $2 is null then 'signed_in'
            when f.project_id is null or p.id = f.project_id then f.role end as role
  from found f
  left join project p on p.slug = $2
