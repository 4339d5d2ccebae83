-- Meters, quantities, resolutions and causes by number: a reading then needs some 20 bytes.
CREATE TABLE word (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

-- quality: 0 bad, 1 simulated, 2 uncertain, 3 good, 4 manual.
-- value: a number in the canonical unit, or the count of a cumulative register; null when bad.
-- detail: the word of the resolution, or of the cause when bad; null otherwise.
CREATE TABLE reading (
  meter INTEGER NOT NULL,
  quantity INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  quality INTEGER NOT NULL,
  value REAL,
  detail INTEGER,
  PRIMARY KEY (meter, quantity, at_ms)
) STRICT, WITHOUT ROWID;

-- Which quantities a meter has, so that the newest reading of each is found by one step into the key of `reading`.
CREATE TABLE series (
  meter INTEGER NOT NULL,
  quantity INTEGER NOT NULL,
  PRIMARY KEY (meter, quantity)
) STRICT, WITHOUT ROWID;

-- epoch '' and seq 0 stand for unknown. Each identity once, with its latest moment.
CREATE TABLE commit_record (
  gateway TEXT NOT NULL,
  epoch TEXT NOT NULL,
  seq INTEGER NOT NULL,
  digest TEXT NOT NULL,
  committed_at_ms INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (gateway, epoch, seq, digest)
) STRICT;

CREATE INDEX commit_record_by_time ON commit_record (committed_at_ms, gateway, epoch, seq);
