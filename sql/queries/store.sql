-- Small facts of the installation, by name.

-- name: setting_get
SELECT value FROM setting WHERE key = $1

-- name: setting_put
INSERT INTO setting (key, value) VALUES ($1, $2)
ON CONFLICT (key) DO UPDATE SET value = excluded.value

-- name: setting_add
INSERT INTO setting (key, value) VALUES ($1, $2)

-- name: setting_swap
UPDATE setting SET value = $3 WHERE value = $2 AND key = $1
RETURNING value

-- name: setting_drop
DELETE FROM setting WHERE key = $1

-- name: setting_list
SELECT key, value FROM setting ORDER BY key
