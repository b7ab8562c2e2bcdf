-- Notices: what each person wants to hear of, and what is waiting to go out.

-- What somebody has chosen; without a row the settings of the service hold. The mobile number is
-- sealed under the outside key. Quiet hours are minutes after midnight in London.
CREATE TABLE notice_choice (
    account_id BLOB NOT NULL PRIMARY KEY REFERENCES account (account_id),
    channel TEXT NOT NULL CHECK (channel IN ('email', 'text', 'none')),
    mobile BLOB,
    quiet_from_min INTEGER NOT NULL CHECK (quiet_from_min BETWEEN 0 AND 1439),
    quiet_to_min INTEGER NOT NULL CHECK (quiet_to_min BETWEEN 0 AND 1439)
) STRICT, WITHOUT ROWID;

-- The kinds that somebody has turned off.
CREATE TABLE notice_off (
    account_id BLOB NOT NULL REFERENCES account (account_id),
    kind TEXT NOT NULL,
    PRIMARY KEY (account_id, kind)
) STRICT, WITHOUT ROWID;

-- One notice to one person. It goes to the account's address as that is when it is sent; where it
-- has to go to another one, that is sealed in here until it is settled. The same thing is told
-- once: cause_hash is over who is told and of what. next_at is when it is looked at next, and
-- until_at when it is no use any more.
CREATE TABLE outbox (
    notice_id BLOB NOT NULL PRIMARY KEY CHECK (length(notice_id) = 16),
    kind TEXT NOT NULL,
    cause_hash BLOB NOT NULL CHECK (length(cause_hash) = 32),
    account_id BLOB REFERENCES account (account_id),
    address BLOB,
    subject_id BLOB,
    mark INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'sent', 'dropped', 'given_up')),
    reason TEXT,
    settled_at INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, cause_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_next ON outbox (next_at) WHERE state = 'waiting';
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE settled_at > 0;
CREATE INDEX outbox_subject ON outbox (subject_id) WHERE subject_id IS NOT NULL;
