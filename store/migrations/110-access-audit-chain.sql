-- The audit log as a chain: the hash of each entry over itself and the hash before it (contract/audit-entry.ts). Beside the
-- entries, so that those of before this are chained as they are found (store/audit-log.ts).
CREATE TABLE audit_chain (id INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT;
CREATE TRIGGER audit_chain_is_never_changed BEFORE UPDATE ON audit_chain BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_chain_is_never_deleted BEFORE DELETE ON audit_chain BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
-- Where the chain ends, so that entries taken from its end are missed.
CREATE TABLE audit_head (one INTEGER PRIMARY KEY CHECK (one = 1), id INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
