-- Recorded slots of a UTC day that are missing or covered in part, by their newest revision: "0,1,95". An outage of a
-- day is one row, and so is its end.
CREATE TABLE uncovered_day (
  series INTEGER NOT NULL REFERENCES series (id),
  day_ms INTEGER NOT NULL,
  slots TEXT NOT NULL,
  PRIMARY KEY (series, day_ms)
) STRICT, WITHOUT ROWID;
INSERT INTO uncovered_day
  SELECT series, slot_ms - slot_ms % 86400000, group_concat(slot_ms % 86400000 / 900000)
  FROM uncovered_slot GROUP BY 1, 2;
DROP TABLE uncovered_slot;
