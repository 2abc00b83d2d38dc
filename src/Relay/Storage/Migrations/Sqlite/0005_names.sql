-- Who speaks cannot be forged, and what one party may make of names and turns has a bound.
ALTER TABLE entries ADD COLUMN quoted INTEGER NOT NULL DEFAULT 0;   -- 1: calls show lines that begin with a bracket as quoted
