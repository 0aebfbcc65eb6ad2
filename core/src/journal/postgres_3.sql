-- The receipt as the caller gave it, and the receipt that it builds on: a refund's sale, a settlement's prepayment.
ALTER TABLE kassa_documents ADD COLUMN receipt TEXT;
ALTER TABLE kassa_documents ADD COLUMN basis TEXT;

-- Most receipts build on none, and their writes leave this index alone.
CREATE INDEX IF NOT EXISTS kassa_documents_by_basis ON kassa_documents (basis, register) WHERE basis IS NOT NULL;
