-- Alarms: a rule that held of a subject, from its begin to its end. ended_ms null: it holds still. One of a rule and a
-- subject at a time. detail: what was seen last, JSON (contract/alarm.ts). At most one person has acknowledged it.
CREATE TABLE alarm (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  rule TEXT NOT NULL,
  kind TEXT NOT NULL,
  severity TEXT NOT NULL,
  subject TEXT NOT NULL,
  enterprise TEXT,
  begun_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  detail TEXT NOT NULL,
  acknowledged_by TEXT,
  acknowledged_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX alarm_standing ON alarm (rule, subject) WHERE ended_ms IS NULL;

-- What persons remark on an alarm or a gap: `subject` is "alarm 7" or "gap 12". Never changed, never removed.
CREATE TABLE remark (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  subject TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  by TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX remark_by_subject ON remark (subject, id);
