-- Rows of the older form, one a reading, are carried over when the file is opened (store/samples/carry-over.ts).
ALTER TABLE reading RENAME TO reading_before_samples;
ALTER TABLE series RENAME TO series_before_samples;

-- Which quantities stand in a sample, in which order and in which resolution. text: store/samples/layouts.ts.
CREATE TABLE layout (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

-- The same by quantity: where in a sample it stands.
CREATE TABLE layout_part (
  quantity TEXT NOT NULL,
  layout INTEGER NOT NULL REFERENCES layout (id),
  place INTEGER NOT NULL,
  resolution TEXT,
  PRIMARY KEY (quantity, layout)
) STRICT, WITHOUT ROWID;

-- All readings of a meter at one moment. meter: its word. content: store/samples/sample-content.ts.
CREATE TABLE sample (
  meter INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  layout INTEGER NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (meter, at_ms)
) STRICT, WITHOUT ROWID;

-- Between which moments readings of a quantity stand, and usable ones, in whole UTC days: no search goes further.
CREATE TABLE series (
  meter INTEGER NOT NULL,
  quantity TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  usable_from_ms INTEGER NOT NULL,
  usable_to_ms INTEGER NOT NULL,
  PRIMARY KEY (meter, quantity)
) STRICT, WITHOUT ROWID;
