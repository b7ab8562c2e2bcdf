-- The foundation: what the service knows about itself.

-- Small facts of the installation, by name: the hash of the set-up token, when it was set up.
CREATE TABLE setting (
    key TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
