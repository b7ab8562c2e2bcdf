-- Cases, threads, entries and events. The three "thread state" statements read the same columns in
-- the same order: server/rpc/thread.c takes them apart in one place.

-- name: case_add
INSERT INTO case_file (case_id, ref, ref_key, team_id, caseworker_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6)

-- name: case_get
SELECT ref, team_id, caseworker_id, created_at FROM case_file WHERE case_id = $1

-- name: case_by_ref
SELECT case_id FROM case_file WHERE ref_key = $1

-- name: cases_of_team
SELECT case_id, ref, team_id, caseworker_id, created_at FROM case_file
WHERE (caseworker_id = $1 OR team_id = (SELECT team_id FROM staff WHERE staff_id = $1))
    AND ref_key > $2
ORDER BY ref_key LIMIT $3

-- name: threads_of_case
SELECT thread_id FROM thread WHERE case_id = $1 ORDER BY created_at, thread_id

-- name: thread_add
INSERT INTO thread (thread_id, case_id, created_at, last_link) VALUES ($1, $2, $3, $4)

-- name: thread_state
SELECT t.thread_id, t.case_id, c.ref, c.team_id, c.caseworker_id, t.parent_id, t.created_at,
    t.accepted_at, t.closed_at, t.last_seq, t.last_at, t.last_link, t.generation, t.key_seq,
    t.card_seq, t.roster_serial, t.parent_keys_seq, t.parent_sign_pk, t.parent_box_pk,
    t.parent_count, t.staff_count, t.parent_seen_seq, t.staff_seen_seq, t.waiting_seq,
    t.waiting_since_at, t.waiting_last_seq, t.not_needed_seq,
    p.own_seq, p.seen_seq, p.seen_count, s.own_seq, s.seen_seq, s.seen_count
FROM thread t
JOIN case_file c ON c.case_id = t.case_id
LEFT JOIN member p ON p.thread_id = t.thread_id AND p.account_id = t.parent_id
LEFT JOIN member s ON s.thread_id = t.thread_id AND s.account_id = c.caseworker_id
WHERE t.thread_id = $1

-- name: thread_parent_key
SELECT parent_sign_pk FROM thread WHERE thread_id = $1 AND parent_keys_seq > 0

-- name: threads_of_staff
SELECT t.thread_id, t.case_id, c.ref, c.team_id, c.caseworker_id, t.parent_id, t.created_at,
    t.accepted_at, t.closed_at, t.last_seq, t.last_at, t.last_link, t.generation, t.key_seq,
    t.card_seq, t.roster_serial, t.parent_keys_seq, t.parent_sign_pk, t.parent_box_pk,
    t.parent_count, t.staff_count, t.parent_seen_seq, t.staff_seen_seq, t.waiting_seq,
    t.waiting_since_at, t.waiting_last_seq, t.not_needed_seq,
    p.own_seq, p.seen_seq, p.seen_count, s.own_seq, s.seen_seq, s.seen_count
FROM case_file c
JOIN thread t ON t.case_id = c.case_id
LEFT JOIN member p ON p.thread_id = t.thread_id AND p.account_id = t.parent_id
LEFT JOIN member s ON s.thread_id = t.thread_id AND s.account_id = c.caseworker_id
WHERE c.caseworker_id = $1 AND t.thread_id > $2
ORDER BY t.thread_id
LIMIT $3

-- name: threads_of_parent
SELECT t.thread_id, t.case_id, c.ref, c.team_id, c.caseworker_id, t.parent_id, t.created_at,
    t.accepted_at, t.closed_at, t.last_seq, t.last_at, t.last_link, t.generation, t.key_seq,
    t.card_seq, t.roster_serial, t.parent_keys_seq, t.parent_sign_pk, t.parent_box_pk,
    t.parent_count, t.staff_count, t.parent_seen_seq, t.staff_seen_seq, t.waiting_seq,
    t.waiting_since_at, t.waiting_last_seq, t.not_needed_seq,
    p.own_seq, p.seen_seq, p.seen_count, s.own_seq, s.seen_seq, s.seen_count
FROM thread t
JOIN case_file c ON c.case_id = t.case_id
LEFT JOIN member p ON p.thread_id = t.thread_id AND p.account_id = t.parent_id
LEFT JOIN member s ON s.thread_id = t.thread_id AND s.account_id = c.caseworker_id
WHERE t.parent_id = $1 AND t.accepted_at > 0 AND t.thread_id > $2
ORDER BY t.thread_id
LIMIT $3

-- name: thread_parent_count
SELECT count(*) FROM thread WHERE parent_id = $1

-- name: thread_all
SELECT thread_id, last_seq, last_link FROM thread ORDER BY thread_id

-- name: thread_advance
UPDATE thread SET last_seq = $2, last_at = $3, last_link = $4, parent_count = $5, staff_count = $6,
    parent_seen_seq = $7, staff_seen_seq = $8, waiting_seq = $9, waiting_since_at = $10,
    waiting_last_seq = $11, not_needed_seq = $12
WHERE thread_id = $1

-- name: thread_set_key
UPDATE thread SET generation = $2, key_seq = $3, roster_serial = $4 WHERE thread_id = $1

-- name: thread_set_card
UPDATE thread SET card_seq = $2 WHERE thread_id = $1

-- name: thread_set_parent
UPDATE thread SET parent_id = $2 WHERE thread_id = $1

-- name: thread_set_keys
UPDATE thread SET parent_keys_seq = $2, parent_sign_pk = $3, parent_box_pk = $4,
    accepted_at = CASE WHEN accepted_at = 0 THEN $5 ELSE accepted_at END
WHERE thread_id = $1

-- name: thread_set_reply
UPDATE thread SET waiting_seq = $2, waiting_since_at = $3, waiting_last_seq = $4, not_needed_seq = $5
WHERE thread_id = $1

-- name: entry_add
INSERT INTO entry (thread_id, seq, entry_id, type, author_id, act, at, bytes, link, parent_count,
    staff_count)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)

-- name: entry_by_id
SELECT seq, at, bytes, header, body_hash, link FROM entry WHERE thread_id = $1 AND entry_id = $2

-- name: entry_at
SELECT seq, at, bytes, header, body_hash, act, type, author_id FROM entry
WHERE thread_id = $1 AND seq = $2

-- name: entry_chain_at
SELECT link, parent_count, staff_count FROM entry WHERE thread_id = $1 AND seq = $2

-- name: entries_from
SELECT seq, at, bytes, header, body_hash, act FROM entry WHERE thread_id = $1 AND seq >= $2
ORDER BY seq LIMIT $3

-- name: entries_chain
SELECT seq, bytes, header, body_hash, link FROM entry WHERE thread_id = $1 ORDER BY seq

-- name: entry_took_part
SELECT seq FROM entry WHERE thread_id = $1 AND seq >= $2 AND author_id = $3 AND type IN (1, 2)
LIMIT 1

-- name: entries_waiting
SELECT seq, at, act FROM entry
WHERE thread_id = $1 AND seq > $2 AND seq <= $3 AND author_id = $4 AND type = 1
ORDER BY seq

-- name: entry_take_back
UPDATE entry SET bytes = NULL, header = $3, body_hash = $4
WHERE thread_id = $1 AND seq = $2 AND bytes IS NOT NULL

-- name: member_get
SELECT own_seq, seen_seq, seen_count FROM member WHERE thread_id = $1 AND account_id = $2

-- name: member_put
INSERT INTO member (thread_id, account_id, own_seq, seen_seq, seen_count)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (thread_id, account_id) DO UPDATE SET own_seq = excluded.own_seq,
    seen_seq = excluded.seen_seq, seen_count = excluded.seen_count

-- name: event_add
INSERT INTO event (account_id, n, kind, subject_id, seq) VALUES ($1, $2, $3, $4, $5)

-- name: event_cursor
SELECT coalesce(max(n), 0) FROM event WHERE account_id = $1

-- name: events_after
SELECT n, kind, subject_id, seq FROM event WHERE account_id = $1 AND n > $2 ORDER BY n LIMIT $3

-- name: event_gaps
SELECT account_id, count(*), min(n), max(n) FROM event
GROUP BY account_id HAVING min(n) <> 1 OR max(n) <> count(*)

-- name: event_totals
SELECT count(*), count(DISTINCT account_id) FROM event

-- name: entries_back
SELECT seq, at, bytes, header, body_hash, act FROM entry WHERE thread_id = $1 AND seq <= $2
ORDER BY seq DESC LIMIT $3
