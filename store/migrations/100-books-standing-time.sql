-- From here to from_ms the intervals of a meter stand, because their readings may be gone; 0: from its first one on.
ALTER TABLE kept_from ADD COLUMN first_ms INTEGER NOT NULL DEFAULT 0;
