-- What many postings have in common is kept once (contract/kept-entry.ts). version: how an entry is written and hashed; those
-- of before this are whole in their body. evidence: canonical JSON, named in the body by its SHA-256; NULL where entry
-- number evidence_of of the same account has it. The factors of a posting are found by their SHA-256.
ALTER TABLE ledger_entry ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE ledger_entry ADD COLUMN evidence TEXT;
ALTER TABLE ledger_entry ADD COLUMN evidence_of INTEGER;

CREATE TABLE ledger_factors (
  digest BLOB PRIMARY KEY,
  content TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER ledger_factors_stay BEFORE UPDATE ON ledger_factors
BEGIN SELECT raise(ABORT, 'ledger entries are never changed'); END;
CREATE TRIGGER ledger_factors_are_kept BEFORE DELETE ON ledger_factors
BEGIN SELECT raise(ABORT, 'ledger entries are never removed'); END;
