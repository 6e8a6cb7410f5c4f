-- Verification begins at the first entry: none can stand before it.
alter table audit add constraint audit_id_from_one check (id > 0);
