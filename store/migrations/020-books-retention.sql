-- Before this instant the readings of a meter may be gone: what is known of its intervals there stands.
CREATE TABLE kept_from (
  meter TEXT PRIMARY KEY,
  from_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
