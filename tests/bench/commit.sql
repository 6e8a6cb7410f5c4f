\set device random(1, 1000000)
insert into commit_yardstick (device_id, n, execution, details) values ('unit-' || :device, 1, 'proceeding', array['Installing Update Chunk Artifacts.']);
