-- The first project, key and administrator; whatever is there already stays. One row: `created`.
-- $1 project, $2 SHA-256 of the key, $3 its first characters, $4 SHA-256 of the token, $5 its first characters
select created from init_installation($1, $2, $3, $4, $5)
