-- The foundation: what the service knows about itself.

-- Small facts of the installation, by name: the hash of the set-up token, when it was set up.
CREATE TABLE setting (
    key TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- ---- Who may be trusted ----

-- Every roster, as the root signed it; clients walk them in order.
CREATE TABLE roster (
    serial INTEGER NOT NULL PRIMARY KEY,
    bytes BLOB NOT NULL,
    roster_hash BLOB NOT NULL CHECK (length(roster_hash) = 32),
    expires_at INTEGER NOT NULL,
    added_at INTEGER NOT NULL
) STRICT;

-- Holder records. They contain names, so the record is sealed under the outside key. Rows of a
-- roster are never removed and end once, so two serials say what every roster said of a holder:
-- it is current in roster s when added_serial <= s and (ended_serial = 0 or ended_serial > s).
CREATE TABLE holder (
    holder_hash BLOB NOT NULL PRIMARY KEY CHECK (length(holder_hash) = 32),
    kind INTEGER NOT NULL,
    holder_id BLOB NOT NULL CHECK (length(holder_id) = 16),
    generation INTEGER NOT NULL,
    sign_pk BLOB NOT NULL,
    box_pk BLOB NOT NULL,
    record BLOB NOT NULL,
    added_serial INTEGER NOT NULL,
    ended_serial INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, holder_id, generation)
) STRICT, WITHOUT ROWID;

-- ---- Accounts ----

CREATE TABLE account (
    account_id BLOB NOT NULL PRIMARY KEY CHECK (length(account_id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('parent', 'staff')),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE staff (
    staff_id BLOB NOT NULL PRIMARY KEY REFERENCES account (account_id),
    role TEXT NOT NULL CHECK (role IN ('manager', 'caseworker', 'records')),
    team_id BLOB CHECK (length(team_id) = 16)
) STRICT, WITHOUT ROWID;

-- A team's seed, sealed to each member; and what carries the seed before it, for each generation
-- after the first.
CREATE TABLE team_seed (
    team_id BLOB NOT NULL,
    generation INTEGER NOT NULL,
    staff_id BLOB NOT NULL REFERENCES staff (staff_id),
    sealed BLOB NOT NULL,
    PRIMARY KEY (staff_id, team_id, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE team_previous (
    team_id BLOB NOT NULL,
    generation INTEGER NOT NULL,
    previous BLOB NOT NULL,
    PRIMARY KEY (team_id, generation)
) STRICT, WITHOUT ROWID;

-- Address, auth key and vault are sealed under the outside key; the address is found by its hash.
CREATE TABLE parent (
    parent_id BLOB NOT NULL PRIMARY KEY REFERENCES account (account_id),
    address_hash BLOB NOT NULL UNIQUE CHECK (length(address_hash) = 32),
    address BLOB NOT NULL,
    auth_pk BLOB NOT NULL,
    vault BLOB NOT NULL,
    vault_hash BLOB NOT NULL CHECK (length(vault_hash) = 32)
) STRICT, WITHOUT ROWID;

-- A parent's session gets its token when the cookie is fetched. The token itself is nowhere.
CREATE TABLE session (
    session_id BLOB NOT NULL PRIMARY KEY CHECK (length(session_id) = 16),
    account_id BLOB NOT NULL REFERENCES account (account_id),
    token_hash BLOB UNIQUE CHECK (length(token_hash) = 32),
    own_device INTEGER NOT NULL,
    idle_s INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    tab_key BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX session_account ON session (account_id, used_at);

-- What each account has to be told, in order: n counts from 1 without gaps. subject_id is a thread
-- or an invitation.
CREATE TABLE event (
    account_id BLOB NOT NULL,
    n INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (account_id, n)
) STRICT, WITHOUT ROWID;

-- ---- Cases, threads, entries ----

CREATE TABLE case_file (
    case_id BLOB NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    ref TEXT NOT NULL,
    ref_key TEXT NOT NULL UNIQUE,
    team_id BLOB NOT NULL,
    caseworker_id BLOB NOT NULL REFERENCES staff (staff_id),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX case_file_caseworker ON case_file (caseworker_id);

-- A thread, with the end of its chain, what the newest key and keys entries said, how much each
-- side has written and seen, and the reply promise. 0 is "none" for every _seq and _at.
CREATE TABLE thread (
    thread_id BLOB NOT NULL PRIMARY KEY CHECK (length(thread_id) = 16),
    case_id BLOB NOT NULL REFERENCES case_file (case_id),
    parent_id BLOB CHECK (length(parent_id) = 16),
    created_at INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL DEFAULT 0,
    closed_at INTEGER NOT NULL DEFAULT 0,
    last_seq INTEGER NOT NULL DEFAULT 0,
    last_at INTEGER NOT NULL DEFAULT 0,
    last_link BLOB NOT NULL CHECK (length(last_link) = 32),
    generation INTEGER NOT NULL DEFAULT 0,
    key_seq INTEGER NOT NULL DEFAULT 0,
    card_seq INTEGER NOT NULL DEFAULT 0,
    roster_serial INTEGER NOT NULL DEFAULT 0,
    parent_keys_seq INTEGER NOT NULL DEFAULT 0,
    parent_sign_pk BLOB CHECK (length(parent_sign_pk) = 32),
    parent_box_pk BLOB CHECK (length(parent_box_pk) = 32),
    parent_count INTEGER NOT NULL DEFAULT 0,
    staff_count INTEGER NOT NULL DEFAULT 0,
    parent_seen_seq INTEGER NOT NULL DEFAULT 0,
    staff_seen_seq INTEGER NOT NULL DEFAULT 0,
    waiting_seq INTEGER NOT NULL DEFAULT 0,
    waiting_since_at INTEGER NOT NULL DEFAULT 0,
    waiting_last_seq INTEGER NOT NULL DEFAULT 0,
    not_needed_seq INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_case ON thread (case_id);
CREATE INDEX thread_parent ON thread (parent_id) WHERE parent_id IS NOT NULL;

-- One entry. Of a message taken back only header and body hash stay. parent_count and staff_count
-- are how many messages to read each side had written up to here, so that counting what somebody
-- has not seen is a subtraction.
CREATE TABLE entry (
    entry_no INTEGER NOT NULL PRIMARY KEY,
    thread_id BLOB NOT NULL REFERENCES thread (thread_id),
    seq INTEGER NOT NULL,
    entry_id BLOB NOT NULL,
    type INTEGER NOT NULL,
    author_id BLOB NOT NULL,
    act TEXT,
    at INTEGER NOT NULL,
    bytes BLOB,
    header BLOB,
    body_hash BLOB,
    link BLOB NOT NULL,
    parent_count INTEGER NOT NULL,
    staff_count INTEGER NOT NULL,
    UNIQUE (thread_id, seq),
    UNIQUE (thread_id, entry_id),
    CHECK ((bytes IS NULL) = (header IS NOT NULL AND body_hash IS NOT NULL))
) STRICT;

-- What each author of a thread has written and seen; seen_count is how many of the other side's
-- messages that was.
CREATE TABLE member (
    thread_id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    own_seq INTEGER NOT NULL,
    seen_seq INTEGER NOT NULL,
    seen_count INTEGER NOT NULL,
    PRIMARY KEY (thread_id, account_id)
) STRICT, WITHOUT ROWID;

-- ---- Invitations ----

-- request_hash is over what was asked, and accept_hash over what was accepted: a repeated request
-- is known by them.
CREATE TABLE invite (
    invite_id BLOB NOT NULL PRIMARY KEY CHECK (length(invite_id) = 16),
    parent_id BLOB NOT NULL,
    inviter_id BLOB NOT NULL REFERENCES staff (staff_id),
    accept_pk BLOB NOT NULL CHECK (length(accept_pk) = 32),
    parcel BLOB NOT NULL,
    request_hash BLOB NOT NULL,
    accept_hash BLOB,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'used', 'ended', 'wrong_codes')),
    tries INTEGER NOT NULL DEFAULT 0,
    opened_at INTEGER NOT NULL DEFAULT 0,
    used_at INTEGER NOT NULL DEFAULT 0,
    ended_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX invite_parent ON invite (parent_id);
CREATE INDEX invite_inviter ON invite (inviter_id, made_at);

-- seq is that of the invite entry in the thread.
CREATE TABLE invite_thread (
    invite_id BLOB NOT NULL REFERENCES invite (invite_id),
    thread_id BLOB NOT NULL REFERENCES thread (thread_id),
    seq INTEGER NOT NULL,
    PRIMARY KEY (invite_id, thread_id)
) STRICT, WITHOUT ROWID;
