-- Whose token an agent's hooks came with first: a connection's name, '' for the operator's; NULL from before there were connections.
ALTER TABLE agents ADD COLUMN connection TEXT;
