-- One row: how far the commit records have been followed.
CREATE TABLE progress (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  followed_until_ms INTEGER NOT NULL
) STRICT;
INSERT INTO progress VALUES (1, 0);

-- A gateway's journal by number; epoch '' for payloads that could not be decoded.
CREATE TABLE journal (
  id INTEGER PRIMARY KEY,
  gateway TEXT NOT NULL,
  epoch TEXT NOT NULL,
  UNIQUE (gateway, epoch)
) STRICT;

-- Every batch that was followed; seq 0 where it is unknown. Two digests under one seq are a conflict.
CREATE TABLE batch_mark (
  journal INTEGER NOT NULL REFERENCES journal (id),
  seq INTEGER NOT NULL,
  digest BLOB NOT NULL,
  committed_at_ms INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  PRIMARY KEY (journal, seq, digest)
) STRICT, WITHOUT ROWID;

-- The same marks as the fewest ranges of numbers, so that holes are found without reading every mark.
CREATE TABLE arrived_range (
  journal INTEGER NOT NULL REFERENCES journal (id),
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  PRIMARY KEY (journal, first_seq)
) STRICT, WITHOUT ROWID;

-- What gateways declared lost. `journal` is the one whose numbers are lost, not the one that says so.
CREATE TABLE gap (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  journal INTEGER NOT NULL REFERENCES journal (id),
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  committed_at_ms INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT;

CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  gateway TEXT NOT NULL,
  digest BLOB NOT NULL,
  committed_at_ms INTEGER NOT NULL,
  refusal TEXT NOT NULL
) STRICT;
CREATE INDEX quarantine_by_digest ON quarantine (digest);

-- A window that is touched gets a new id, and none is used twice: so work done on an older one does not clear it.
CREATE TABLE dirty_window (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  meter TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX dirty_window_by_meter ON dirty_window (meter, from_ms);
CREATE INDEX dirty_window_by_time ON dirty_window (from_ms, meter);

-- content: the interval as JSON, keys in the order of its schema.
CREATE TABLE interval (
  meter TEXT NOT NULL,
  quantity TEXT NOT NULL,
  slot_ms INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (meter, quantity, slot_ms, revision)
) STRICT, WITHOUT ROWID;
