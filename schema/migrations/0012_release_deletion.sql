-- Payloads and activations go only with their release, to which a deployment refers, too. These references were looked up
-- in all deployments, without an index, whenever a payload or an activation was deleted.
alter table deployment
  drop constraint deployment_activation_id_fkey,
  drop constraint deployment_payload_id_fkey;
