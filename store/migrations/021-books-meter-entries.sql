-- What persons said of meters. entry: as JSON, contract/meter-entry.ts.
CREATE TABLE meter_entry (
  meter TEXT NOT NULL,
  digest BLOB NOT NULL,
  entered_ms INTEGER NOT NULL,
  entry TEXT NOT NULL,
  PRIMARY KEY (meter, digest)
) STRICT, WITHOUT ROWID;

-- Entries taken back. The withdrawal may arrive before what it withdraws.
CREATE TABLE meter_entry_withdrawn (
  meter TEXT NOT NULL,
  digest BLOB NOT NULL,
  PRIMARY KEY (meter, digest)
) STRICT, WITHOUT ROWID;
