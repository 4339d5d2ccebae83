-- Marks older than this were taken away: their numbers are in arrived_range.
ALTER TABLE progress ADD COLUMN marks_from_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX batch_mark_by_time ON batch_mark (committed_at_ms);

-- When something of a gateway was committed last.
CREATE TABLE gateway_seen (
  gateway TEXT PRIMARY KEY,
  last_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO gateway_seen
  SELECT gateway, max(committed_at_ms) FROM batch_mark JOIN journal ON id = journal GROUP BY gateway;

-- Recorded slots that are missing or covered in part, by their newest revision.
CREATE TABLE uncovered_slot (
  series INTEGER NOT NULL REFERENCES series (id),
  slot_ms INTEGER NOT NULL,
  PRIMARY KEY (series, slot_ms)
) STRICT, WITHOUT ROWID;
-- Those recorded before are found when their meters are computed again.
INSERT INTO dirty_window (meter, from_ms, to_ms)
  SELECT meter, min(slot_ms), max(slot_ms) FROM interval JOIN series ON series.id = interval.series GROUP BY meter;

-- What is missing, as a person follows it (contract/gap.ts). first and last: numbers of batches, or UTC ms.
CREATE TABLE gap_entry (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  gateway TEXT NOT NULL,
  meter TEXT,
  epoch TEXT,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  missing INTEGER NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER,
  cause TEXT NOT NULL,
  state TEXT NOT NULL,
  opened_ms INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL,
  decision TEXT
) STRICT;
CREATE INDEX gap_entry_unfilled ON gap_entry (kind, gateway) WHERE state <> 'filled';
