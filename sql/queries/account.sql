-- Accounts, parents, sessions.

-- name: account_add
INSERT INTO account (account_id, kind, created_at) VALUES ($1, $2, $3)

-- name: account_get
SELECT kind, created_at FROM account WHERE account_id = $1

-- name: parent_by_address
SELECT parent_id, auth_pk, vault, vault_hash FROM parent WHERE address_hash = $1

-- name: parent_get
SELECT address, auth_pk, vault, vault_hash, address_hash FROM parent WHERE parent_id = $1

-- name: parent_put
INSERT INTO parent (parent_id, address_hash, address, auth_pk, vault, vault_hash)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (parent_id) DO UPDATE SET address_hash = excluded.address_hash,
    address = excluded.address, auth_pk = excluded.auth_pk, vault = excluded.vault,
    vault_hash = excluded.vault_hash

-- name: parent_vault_put
UPDATE parent SET vault = $2, vault_hash = $3 WHERE parent_id = $1

-- name: session_add
INSERT INTO session (session_id, account_id, token_hash, own_device, idle_s, created_at, used_at)
VALUES ($1, $2, $3, $4, $5, $6, $6)

-- name: session_by_token
SELECT s.session_id, s.account_id, s.own_device, s.idle_s, s.used_at, s.tab_key, a.kind
FROM session s JOIN account a ON a.account_id = s.account_id
WHERE s.token_hash = $1

-- name: session_get
SELECT account_id, own_device, idle_s, used_at, tab_key FROM session WHERE session_id = $1

-- name: session_token_put
UPDATE session SET token_hash = $2, used_at = $3 WHERE session_id = $1
RETURNING own_device, idle_s

-- name: session_touch
UPDATE session SET used_at = $2 WHERE session_id = $1 AND used_at < $2 AND used_at + idle_s > $3

-- name: session_tab_put
UPDATE session SET tab_key = $2 WHERE session_id = $1

-- name: session_end
DELETE FROM session WHERE session_id = $1

-- name: sessions_end_others
DELETE FROM session WHERE account_id = $1 AND session_id <> $2
RETURNING session_id

-- name: sessions_end_oldest
DELETE FROM session WHERE session_id IN (
    SELECT session_id FROM session WHERE account_id = $1 AND session_id <> $2
    ORDER BY used_at DESC, session_id LIMIT 1000 OFFSET $3)
RETURNING session_id

-- name: sessions_end_idle
DELETE FROM session WHERE session_id IN (
    SELECT session_id FROM session WHERE used_at + idle_s <= $1 LIMIT $2)
RETURNING session_id
