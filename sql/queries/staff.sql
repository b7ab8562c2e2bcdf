-- Rosters, holders, staff and their teams' keys.

-- name: roster_add
INSERT INTO roster (serial, bytes, roster_hash, expires_at, added_at) VALUES ($1, $2, $3, $4, $5)

-- name: roster_newest
SELECT serial, roster_hash, expires_at FROM roster ORDER BY serial DESC LIMIT 1

-- name: roster_hash_of
SELECT roster_hash FROM roster WHERE serial = $1

-- name: rosters_since
SELECT serial, bytes FROM roster WHERE serial > $1 ORDER BY serial

-- name: holder_add
INSERT INTO holder (holder_hash, kind, holder_id, generation, sign_pk, box_pk, record, added_serial,
    ended_serial)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: holder_get
SELECT sign_pk, box_pk, added_serial, ended_serial FROM holder
WHERE kind = $1 AND holder_id = $2 AND generation = $3

-- name: holder_id_used
SELECT kind FROM holder WHERE holder_id = $1 AND kind IN (1, 2, 3) LIMIT 1

-- name: holders_all
SELECT holder_id, record FROM holder ORDER BY holder_hash

-- name: staff_add
INSERT INTO staff (staff_id, role, team_id) VALUES ($1, $2, $3)

-- name: staff_get
SELECT role, team_id FROM staff WHERE staff_id = $1

-- name: staff_all
SELECT staff_id, role, team_id FROM staff ORDER BY staff_id

-- name: team_seed_add
INSERT INTO team_seed (team_id, generation, staff_id, sealed) VALUES ($1, $2, $3, $4)

-- name: team_seeds_of
SELECT team_id, generation, sealed FROM team_seed WHERE staff_id = $1 ORDER BY team_id, generation

-- name: team_previous_of
SELECT generation, previous FROM team_previous WHERE team_id = $1 ORDER BY generation
