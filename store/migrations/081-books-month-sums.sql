-- By which calendar months are kept: '' until the owner of the books says one, then that of the days.
CREATE TABLE month_calendar (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  time_zone TEXT NOT NULL
) STRICT;
INSERT INTO month_calendar VALUES (1, '');

-- Every month ("2026-03") of which a slot is recorded. content: as of day_sum; NULL where a slot has changed since.
CREATE TABLE month_sum (
  series INTEGER NOT NULL REFERENCES series (id),
  month TEXT NOT NULL,
  content TEXT,
  PRIMARY KEY (series, month)
) STRICT, WITHOUT ROWID;
CREATE INDEX month_sum_dirty ON month_sum (month) WHERE content IS NULL;
