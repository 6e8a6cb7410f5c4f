-- An attempt to log in; it counts as failed until login_end() says otherwise.
-- `wait`: seconds until the next attempt; then this one is none. `password`: null for nobody we know.
-- $1 e-mail, $2 address
select wait, password from login_begin($1, $2)
