-- Numbers of a journal that came with two contents: asked for at every look at the alarms, whatever else waits.
CREATE INDEX quarantine_reused ON quarantine (gateway, committed_at_ms)
  WHERE state = 'open' AND refusal ->> 'code' = 'number-reused';
