-- The calendar whose days are summed: UTC until the owner of the books says otherwise.
CREATE TABLE calendar (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  time_zone TEXT NOT NULL
) STRICT;
INSERT INTO calendar VALUES (1, 'UTC');

-- Every day of which a slot is recorded. content: its sum as JSON; NULL where a slot has changed since.
CREATE TABLE day_sum (
  series INTEGER NOT NULL REFERENCES series (id),
  from_ms INTEGER NOT NULL,
  content TEXT,
  PRIMARY KEY (series, from_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX day_sum_dirty ON day_sum (from_ms) WHERE content IS NULL;

INSERT INTO day_sum (series, from_ms)
  SELECT DISTINCT series, slot_ms / 86400000 * 86400000 FROM interval;
