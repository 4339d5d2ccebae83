-- The configuration that was published last for each gateway; its text is at the broker.
CREATE TABLE published_configuration (
  gateway TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  digest TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
