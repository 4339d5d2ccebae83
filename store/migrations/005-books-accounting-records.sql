-- What persons, files and other systems entered. content: the record as JSON with sorted keys; digest: its SHA-256.
-- The other columns stand in the content too, and are there to be asked by.
CREATE TABLE accounting_record (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  digest BLOB NOT NULL UNIQUE,
  entered_at_ms INTEGER NOT NULL,
  account TEXT NOT NULL,
  kind TEXT NOT NULL,
  from_day TEXT NOT NULL,
  to_day TEXT NOT NULL,
  certificate TEXT,
  replaces INTEGER UNIQUE REFERENCES accounting_record (number),
  content TEXT NOT NULL
) STRICT;
CREATE INDEX accounting_record_by_account ON accounting_record (account, from_day);
CREATE INDEX accounting_record_by_certificate ON accounting_record (certificate) WHERE certificate IS NOT NULL;

CREATE TRIGGER accounting_record_stays BEFORE UPDATE ON accounting_record
BEGIN SELECT raise(ABORT, 'records are never changed'); END;
CREATE TRIGGER accounting_record_is_kept BEFORE DELETE ON accounting_record
BEGIN SELECT raise(ABORT, 'records are never removed'); END;
