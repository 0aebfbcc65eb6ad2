-- The receipt as the caller gave it, and the receipt that it builds on: a refund's sale, a settlement's prepayment.
ALTER TABLE documents ADD COLUMN receipt TEXT;
ALTER TABLE documents ADD COLUMN basis TEXT;

-- Most receipts build on none, and their writes leave this index alone.
CREATE INDEX documents_by_basis ON documents (register, basis) WHERE basis IS NOT NULL;
