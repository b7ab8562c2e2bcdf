-- Invitations.

-- name: invite_add
INSERT INTO invite (invite_id, parent_id, inviter_id, accept_pk, parcel, request_hash, made_at,
    expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: invite_get
SELECT parent_id, inviter_id, accept_pk, parcel, request_hash, accept_hash, made_at, expires_at,
    state, tries, opened_at, used_at, ended_at
FROM invite WHERE invite_id = $1

-- name: invite_thread_add
INSERT INTO invite_thread (invite_id, thread_id, seq) VALUES ($1, $2, $3)

-- name: invite_threads
SELECT i.thread_id, i.seq, c.ref, c.caseworker_id, t.accepted_at
FROM invite_thread i
JOIN thread t ON t.thread_id = i.thread_id
JOIN case_file c ON c.case_id = t.case_id
WHERE i.invite_id = $1 ORDER BY i.thread_id

-- name: invite_count_try
UPDATE invite SET tries = tries + 1,
    state = CASE WHEN tries + 1 >= $2 THEN 'wrong_codes' ELSE state END,
    ended_at = CASE WHEN tries + 1 >= $2 THEN $3 ELSE ended_at END
WHERE invite_id = $1
RETURNING tries

-- name: invite_opened
UPDATE invite SET opened_at = $2 WHERE invite_id = $1 AND opened_at = 0

-- name: invite_used
UPDATE invite SET state = 'used', used_at = $2, accept_hash = $3 WHERE invite_id = $1

-- name: invite_end
UPDATE invite SET state = 'ended', ended_at = $2 WHERE invite_id = $1 AND state = 'open'

-- name: invites_end_of_parent
UPDATE invite SET state = 'ended', ended_at = $2
WHERE parent_id = $1 AND state = 'open' AND invite_id <> $3

-- name: invites_open_count
SELECT count(*) FROM invite WHERE inviter_id = $1 AND state = 'open' AND expires_at > $2

-- name: invites_of_staff
SELECT invite_id, parent_id, made_at, expires_at, state, tries, opened_at, used_at, ended_at
FROM invite
WHERE inviter_id = $1 OR invite_id IN (
    SELECT i.invite_id FROM invite_thread i
    JOIN thread t ON t.thread_id = i.thread_id
    JOIN case_file c ON c.case_id = t.case_id
    WHERE c.caseworker_id = $1)
ORDER BY made_at DESC, invite_id
LIMIT $2
