-- What is looked up at every turn and every dispatch must not cost more when thousands wait.

CREATE INDEX messages_unanswered_of ON messages (session_id, conversation_id)
    WHERE state IN ('accepted', 'asking', 'waiting', 'deferred', 'held');

CREATE INDEX dispatches_next ON dispatches (session_id, number) WHERE channel = 'folder' AND state IN ('ready', 'staged');
CREATE INDEX dispatches_placed ON dispatches (session_id) WHERE channel = 'folder' AND state = 'placed';
CREATE INDEX dispatches_for_callers ON dispatches (created_at) WHERE channel = 'caller' AND state = 'ready';
