-- Old commit records, many in one row: content is their bodies as a JSON array, compressed (store/commit-pages.ts).
CREATE TABLE commit_page (
  id INTEGER PRIMARY KEY,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  records INTEGER NOT NULL,
  content BLOB NOT NULL
) STRICT;

CREATE INDEX commit_page_by_end ON commit_page (to_ms, from_ms);
