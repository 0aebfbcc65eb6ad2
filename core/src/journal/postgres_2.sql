-- What a person should know of a receipt, and since when its fate is in doubt, by the clock of a machine's start.
ALTER TABLE kassa_documents ADD COLUMN notice TEXT;
ALTER TABLE kassa_documents ADD COLUMN doubt_since TEXT;
