-- Rows of the older form are carried over when the books are opened (store/books/carry-over.ts).
ALTER TABLE interval RENAME TO interval_before_pages;

-- The newest revisions of a UTC day's slots. content: store/books/day-page.ts.
CREATE TABLE interval_day (
  series INTEGER NOT NULL REFERENCES series (id),
  from_ms INTEGER NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (series, from_ms)
) STRICT, WITHOUT ROWID;

-- The revisions before them. content: store/books/interval-text.ts.
CREATE TABLE interval_past (
  series INTEGER NOT NULL REFERENCES series (id),
  slot_ms INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (series, slot_ms, revision)
) STRICT, WITHOUT ROWID;

-- Periods whose figures are published: their slots are not changed any more.
CREATE TABLE period_lock (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  by TEXT NOT NULL,
  why TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  released TEXT
) STRICT;
CREATE TABLE period_lock_meter (
  lock INTEGER NOT NULL REFERENCES period_lock (id),
  meter TEXT NOT NULL,
  PRIMARY KEY (meter, lock)
) STRICT, WITHOUT ROWID;

-- What a slot of a locked period would be by now. content: store/books/interval-text.ts.
CREATE TABLE late_after_lock (
  series INTEGER NOT NULL REFERENCES series (id),
  slot_ms INTEGER NOT NULL,
  lock INTEGER NOT NULL REFERENCES period_lock (id),
  content TEXT NOT NULL,
  noted_ms INTEGER NOT NULL,
  PRIMARY KEY (series, slot_ms)
) STRICT, WITHOUT ROWID;
