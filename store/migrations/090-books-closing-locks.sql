-- A closing of the ledger locks the intervals that its month's postings rest on. closing: number of its entry in the
-- account's chain; NULL for a lock that belongs to none.
ALTER TABLE period_lock ADD COLUMN closing INTEGER;

-- Months that were closed before this.
INSERT INTO period_lock (account, from_ms, to_ms, by, why, at_ms, closing)
  SELECT closing.account,
         min(json_extract(meter.value, '$.fromMs')),
         max(json_extract(meter.value, '$.toMs')),
         json_extract(closing.body, '$.by'),
         'closing of ' || closing.month,
         closing.recorded_at_ms,
         closing.number
  FROM ledger_entry AS closing
  JOIN ledger_entry AS posting
    ON posting.account = closing.account AND posting.month = closing.month AND posting.kind = 'posting'
    AND posting.number < closing.number
  JOIN json_each(posting.body, '$.evidence.meters') AS meter
  WHERE closing.kind = 'closing'
    AND NOT EXISTS (SELECT 1 FROM ledger_entry AS reopening
                    WHERE reopening.account = closing.account AND reopening.month = closing.month
                      AND reopening.kind = 'reopening' AND reopening.number > closing.number)
    AND NOT EXISTS (SELECT 1 FROM ledger_entry AS reversal
                    WHERE reversal.account = posting.account AND reversal.reverses = posting.number)
  GROUP BY closing.account, closing.number;
INSERT OR IGNORE INTO period_lock_meter (lock, meter)
  SELECT period_lock.id, json_extract(meter.value, '$.meter')
  FROM period_lock
  JOIN ledger_entry AS closing ON closing.account = period_lock.account AND closing.number = period_lock.closing
  JOIN ledger_entry AS posting
    ON posting.account = closing.account AND posting.month = closing.month AND posting.kind = 'posting'
    AND posting.number < closing.number
  JOIN json_each(posting.body, '$.evidence.meters') AS meter
  WHERE NOT EXISTS (SELECT 1 FROM ledger_entry AS reversal
                    WHERE reversal.account = posting.account AND reversal.reverses = posting.number);
