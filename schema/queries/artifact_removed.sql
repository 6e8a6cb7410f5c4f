-- Housekeeping: this file is no longer in the store.
-- $1 SHA-256
delete from artifact_gone where sha256 = $1 and gone_at < now() - interval '1 hour'
