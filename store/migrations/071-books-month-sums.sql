-- Sums of the months of the calendar, joined from those of their days. content: as in day_sum; NULL where a slot has
-- changed since. They are made from the intervals that are there when the books are opened with their calendar.
CREATE TABLE month_sum (
  series INTEGER NOT NULL REFERENCES series (id),
  from_ms INTEGER NOT NULL,
  content TEXT,
  PRIMARY KEY (series, from_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX month_sum_dirty ON month_sum (from_ms) WHERE content IS NULL;
