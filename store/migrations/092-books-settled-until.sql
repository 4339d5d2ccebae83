-- Before this instant every slot of a series was settled when one was recorded: a clock that is set back later makes none
-- of them provisional again.
CREATE TABLE settled_until (
  series INTEGER PRIMARY KEY REFERENCES series (id),
  until_ms INTEGER NOT NULL
) STRICT;
