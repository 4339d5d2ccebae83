-- Books may have these tables already: they once had another number.
-- The carbon ledger: one chain per account. body: canonical JSON (contract/entry.ts); hash: SHA-256 over the entry and the
-- hash before it. kind, month, reverses and reference stand in the body too, and are there to be asked by.
CREATE TABLE IF NOT EXISTS ledger_entry (
  account TEXT NOT NULL,
  number INTEGER NOT NULL,
  recorded_at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  month TEXT,
  reverses INTEGER,
  reference TEXT,
  body TEXT NOT NULL,
  previous BLOB NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (account, number)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS ledger_entry_reversed_once ON ledger_entry (account, reverses) WHERE reverses IS NOT NULL;
CREATE INDEX IF NOT EXISTS ledger_entry_by_reference ON ledger_entry (reference) WHERE reference IS NOT NULL;
CREATE INDEX IF NOT EXISTS ledger_entry_by_month ON ledger_entry (account, month, kind);

CREATE TRIGGER IF NOT EXISTS ledger_entry_stays BEFORE UPDATE ON ledger_entry
BEGIN SELECT raise(ABORT, 'ledger entries are never changed'); END;
CREATE TRIGGER IF NOT EXISTS ledger_entry_is_kept BEFORE DELETE ON ledger_entry
BEGIN SELECT raise(ABORT, 'ledger entries are never removed'); END;

-- Where each chain ends, so that entries taken from its end are missed.
CREATE TABLE IF NOT EXISTS ledger_head (
  account TEXT PRIMARY KEY,
  number INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Months of which a slot was revised, with the moment; a month that is touched gets a new id, and none is used twice.
CREATE TABLE IF NOT EXISTS changed_month (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  series INTEGER NOT NULL REFERENCES series (id),
  month TEXT NOT NULL,
  changed_at_ms INTEGER NOT NULL,
  UNIQUE (series, month)
) STRICT;
-- Noon of a day is in its month in every zone.
INSERT OR IGNORE INTO changed_month (series, month, changed_at_ms)
  SELECT DISTINCT series, strftime('%Y-%m', (from_ms + 43200000) / 1000, 'unixepoch'), 0 FROM day_sum
  ORDER BY 2, 1;

-- How far an account has been posted: changed months and records up to these, by these rules.
CREATE TABLE IF NOT EXISTS posting_progress (
  account TEXT PRIMARY KEY,
  changes INTEGER NOT NULL,
  records INTEGER NOT NULL,
  rules TEXT NOT NULL
) STRICT, WITHOUT ROWID;
