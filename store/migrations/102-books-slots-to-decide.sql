-- Recorded slots of a UTC day of which a stretch waits for a person, as `slots`, and in it no more.
ALTER TABLE uncovered_day ADD COLUMN undecided TEXT NOT NULL DEFAULT '';
-- Those recorded before are found when their slots are computed again.
INSERT INTO dirty_window (meter, from_ms, to_ms)
  SELECT meter, day_ms + min(value) * 900000, day_ms + max(value) * 900000 + 899999
  FROM uncovered_day JOIN series ON series.id = uncovered_day.series, json_each('[' || slots || ']')
  GROUP BY series.id, day_ms;
CREATE INDEX gap_entry_by_meter ON gap_entry (meter);
