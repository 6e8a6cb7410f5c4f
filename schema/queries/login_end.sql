-- The password was right: a session or, with a name for it, a token. No row: it was changed meanwhile.
-- $1 e-mail, $2 the stored password that was compared, $3 address, $4 request id, $5 secret (JSON), $6 token's name or null
select account from login_end($1, $2, $3, $4, $5::jsonb, $6) as account where account is not null
