-- What was given up, refused or too large leaves all later calls; the journal keeps it, marked.
ALTER TABLE entries ADD COLUMN left_out TEXT;                               -- the line that later calls carry in its place
ALTER TABLE conversations ADD COLUMN rewritten INTEGER NOT NULL DEFAULT 0;  -- how often an entry was left out: windows read before are stale
