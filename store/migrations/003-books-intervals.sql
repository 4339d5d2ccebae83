-- A meter's quantity by number: its name would take more room than an interval.
CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  meter TEXT NOT NULL,
  quantity TEXT NOT NULL,
  UNIQUE (meter, quantity)
) STRICT;

-- Intervals follow from the readings: those of the older form are computed again.
INSERT INTO dirty_window (meter, from_ms, to_ms)
  SELECT meter, min(slot_ms), max(slot_ms) FROM interval GROUP BY meter;
DROP TABLE interval;

-- content: the interval as store/books/interval-text.ts writes it.
CREATE TABLE interval (
  series INTEGER NOT NULL REFERENCES series (id),
  slot_ms INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (series, slot_ms, revision)
) STRICT, WITHOUT ROWID;
