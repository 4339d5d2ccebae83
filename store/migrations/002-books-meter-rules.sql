-- By what facts of a meter its intervals were computed: a text of the caller's, compared as a whole.
CREATE TABLE meter_rules (
  meter TEXT PRIMARY KEY,
  rules TEXT NOT NULL
) STRICT, WITHOUT ROWID;
