-- What a person should know of a receipt, and since when its fate is in doubt, by the clock of the machine's start.
ALTER TABLE documents ADD COLUMN notice TEXT;
ALTER TABLE documents ADD COLUMN doubt_since TEXT;
