-- A reply that was written to a connection is handed; consumed is the session's own sign that its model has it.
ALTER TABLE dispatches ADD COLUMN handed_at INTEGER;
ALTER TABLE dispatches ADD COLUMN handed_to TEXT;   -- Claude Code's own session id
ALTER TABLE dispatches ADD COLUMN handed_by TEXT;   -- by what it will be known: next (event), wake (the prompt with its text), use:ID
ALTER TABLE dispatches ADD COLUMN handed_through INTEGER;   -- how many pieces of it the session has with that; NULL: all

ALTER TABLE tool_uses ADD COLUMN subagent TEXT;     -- that made the call; NULL: the session itself
ALTER TABLE tool_uses ADD COLUMN task TEXT;         -- the client's name for the call since it went to the background

CREATE INDEX tool_uses_task ON tool_uses (task) WHERE task IS NOT NULL;

ALTER TABLE agents ADD COLUMN client TEXT;          -- its process, as its waiter told it: number and start

CREATE INDEX agents_clients ON agents (client) WHERE client IS NOT NULL AND state <> 'ended';
