-- Revisions before the newest that were displaced together, those of a UTC day in one row: a late day displaces 96.
-- content: store/books/day-page.ts. What was displaced before this table was made stands in interval_past.
CREATE TABLE interval_past_day (
  series INTEGER NOT NULL REFERENCES series (id),
  from_ms INTEGER NOT NULL,
  number INTEGER NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (series, from_ms, number)
) STRICT, WITHOUT ROWID;
