-- A round is known by its message, so that one which brings nothing new is told; a long reply is handed over in parts.
ALTER TABLE rounds ADD COLUMN message_id TEXT;                       -- NULL until it was accepted
ALTER TABLE rounds ADD COLUMN way TEXT NOT NULL DEFAULT 'stop' CHECK (way IN ('stop', 'ask'));  -- by itself, or by a tool call
ALTER TABLE dispatches ADD COLUMN told INTEGER NOT NULL DEFAULT 0;   -- how many parts of the reply its session has got
