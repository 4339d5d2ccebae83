-- Decided entries whose payload is whole, which are cut short first where room is needed.
CREATE INDEX quarantine_whole ON quarantine (gateway, state, id) WHERE cut = 0;
