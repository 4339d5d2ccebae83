-- state: open, replayed, accepted or discarded; decision: who closed it, when and why, as JSON.
ALTER TABLE quarantine ADD COLUMN state TEXT NOT NULL DEFAULT 'open';
ALTER TABLE quarantine ADD COLUMN decision TEXT;
-- Characters of `refusal`, for the bounds; cut: 1 where only the beginning of its payload is left.
ALTER TABLE quarantine ADD COLUMN characters INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN cut INTEGER NOT NULL DEFAULT 0;
-- 1 for a whole payload whose number is not known: what is missing in its gateway's numbers may be in it.
ALTER TABLE quarantine ADD COLUMN unnumbered INTEGER NOT NULL DEFAULT 0;
UPDATE quarantine SET
  characters = length(refusal),
  unnumbered = refusal ->> 'encoding' = 'base64' AND EXISTS (
    SELECT 1 FROM batch_mark JOIN journal ON journal.id = batch_mark.journal
    WHERE journal.epoch = '' AND journal.gateway = quarantine.gateway AND batch_mark.digest = quarantine.digest);
CREATE INDEX quarantine_by_gateway ON quarantine (gateway, state, id);

-- What quarantine holds of each gateway, and of all under ''.
CREATE TABLE quarantine_total (
  gateway TEXT PRIMARY KEY,
  entries INTEGER NOT NULL,
  characters INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO quarantine_total SELECT gateway, count(*), sum(characters) FROM quarantine GROUP BY gateway;
INSERT INTO quarantine_total SELECT '', count(*), coalesce(sum(characters), 0) FROM quarantine;

-- What was refused beyond the bounds: how much, not what. Gateway '*' where too many names are here.
CREATE TABLE quarantine_overflow (
  gateway TEXT NOT NULL,
  code TEXT NOT NULL,
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  refusals INTEGER NOT NULL,
  characters INTEGER NOT NULL,
  PRIMARY KEY (gateway, code)
) STRICT, WITHOUT ROWID;
