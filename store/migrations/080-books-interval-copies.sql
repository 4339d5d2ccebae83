-- Where finished intervals are copied to, for others to look at; '' for nowhere.
CREATE TABLE interval_copy (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  target TEXT NOT NULL
) STRICT;
INSERT INTO interval_copy VALUES (1, '');

-- Slots of a UTC day that have changed since they were copied, from the first to the last of them.
-- version: counts up as more change, so that a copy made meanwhile does not take them out.
-- is_whole: 1 where something may stand at the target of which these books know nothing.
CREATE TABLE interval_to_copy (
  series INTEGER NOT NULL REFERENCES series (id),
  day_ms INTEGER NOT NULL,
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  version INTEGER NOT NULL,
  is_whole INTEGER NOT NULL,
  PRIMARY KEY (series, day_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX interval_to_copy_by_day ON interval_to_copy (day_ms);
