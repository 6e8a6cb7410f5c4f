-- Who has this token or session, and what may they do in this project? No row: nobody, or no longer.
-- `role` is reader, member, manager or admin; signed_in: nothing outside of projects; null: nothing
-- there. `projects`: ids of those that it reaches; null: all. `account`: the user's e-mail, if there is one.
-- $1 SHA-256 of the token or null, $2 SHA-256 of the session's cookie or null, $3 the project's slug or null
with found as (
  select 'token' as kind, t.id, t.name, t.may_change_protected, t.role, t.projects, t.operator_id, null as csrf
    from api_token t
   where t.hash = $1 and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
   union all
  select 'user', o.id, o.email, false, null, null, o.id, s.csrf
    from session s
    join operator o on o.id = s.operator_id
   where s.hash = $2 and s.expires_at > now()
), used as (
  update api_token t
     set last_used_at = now()
    from found f
   where f.kind = 'token' and t.id = f.id and (t.last_used_at is null or t.last_used_at < now() - interval '1 minute')
)
select f.kind, f.id, f.name, o.email as account, f.csrf, case when f.kind = 'user' then $2 end as session,
       case when o.id is null then f.may_change_protected else o.is_admin or r.role = 'manager' end as may_change_protected,
       case when o.is_admin then null
            when o.id is not null then to_json(array(select x.project_id from operator_role x where x.operator_id = o.id))
            else to_json(f.projects) end as projects,
       case when f.role = 'admin' or o.is_admin then 'admin'
            when $3 is null then 'signed_in'
            when o.id is not null then r.role::text
            when f.projects is null or p.id = any (f.projects) then f.role end as role
  from found f
  left join operator o on o.id = f.operator_id
  left join project p on p.slug = $3
  left join operator_role r on r.operator_id = o.id and r.project_id = p.id
