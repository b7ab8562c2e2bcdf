-- Notices.

-- name: outbox_add
INSERT INTO outbox (notice_id, kind, cause_hash, account_id, address, subject_id, mark, made_at,
    due_at, until_at, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9)
ON CONFLICT (kind, cause_hash) DO UPDATE SET notice_id = excluded.notice_id,
    address = excluded.address, made_at = excluded.made_at, due_at = excluded.due_at,
    until_at = excluded.until_at, next_at = excluded.next_at, tries = 0, state = 'waiting',
    reason = NULL, settled_at = 0
WHERE outbox.state IN ('dropped', 'given_up')

-- name: outbox_drop
UPDATE outbox SET state = 'dropped', reason = 'no_longer_so', settled_at = $3, address = NULL
WHERE subject_id = $1 AND kind = $2 AND state = 'waiting'

-- name: outbox_due
SELECT o.notice_id, o.kind, o.account_id, o.address, o.mark, o.made_at, o.until_at, o.tries,
    p.address, c.channel, c.mobile, c.quiet_from_min, c.quiet_to_min, x.kind IS NOT NULL,
    t.parent_seen_seq
FROM outbox o
LEFT JOIN parent p ON p.parent_id = o.account_id
LEFT JOIN notice_choice c ON c.account_id = o.account_id
LEFT JOIN notice_off x ON x.account_id = o.account_id AND x.kind = o.kind
LEFT JOIN thread t ON t.thread_id = o.subject_id
WHERE o.state = 'waiting' AND o.next_at <= $1
ORDER BY o.next_at, o.notice_id LIMIT $2

-- name: outbox_later
UPDATE outbox SET tries = $2, next_at = $3, reason = coalesce($4, reason)
WHERE notice_id = $1 AND state = 'waiting'

-- name: outbox_settle
UPDATE outbox SET state = $2, reason = coalesce($3, reason), settled_at = $4, address = NULL
WHERE notice_id = $1 AND state = 'waiting'

-- name: outbox_given_up
SELECT notice_id, kind, account_id, due_at, tries, reason, settled_at FROM outbox
WHERE state = 'given_up' AND settled_at > 0 AND settled_at >= $1
ORDER BY settled_at DESC, notice_id LIMIT $2

-- name: outbox_forget
DELETE FROM outbox WHERE notice_id IN (
    SELECT notice_id FROM outbox WHERE settled_at > 0 AND settled_at < $1 LIMIT 500)

-- name: notice_choice_put
INSERT INTO notice_choice (account_id, channel, mobile, quiet_from_min, quiet_to_min)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account_id) DO UPDATE SET channel = excluded.channel, mobile = excluded.mobile,
    quiet_from_min = excluded.quiet_from_min, quiet_to_min = excluded.quiet_to_min

-- name: notice_off_put
INSERT INTO notice_off (account_id, kind) VALUES ($1, $2)
ON CONFLICT (account_id, kind) DO NOTHING

-- name: notice_off_drop
DELETE FROM notice_off WHERE account_id = $1 AND kind = $2
