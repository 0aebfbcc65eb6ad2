-- One row a receipt; `request` holds the exact bytes that are sent.
CREATE TABLE documents (
    register TEXT NOT NULL,
    receipt_id TEXT NOT NULL,
    vendor TEXT NOT NULL,
    operation TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    request BLOB NOT NULL,
    vendor_document_id TEXT,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    binding TEXT,
    fiscal TEXT,
    failure TEXT,
    raw TEXT,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    PRIMARY KEY (register, receipt_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX documents_unfinished ON documents (register, receipt_id)
    WHERE state NOT IN ('registered', 'failed');

-- What was done for a receipt, in order; rows are only ever added.
CREATE TABLE steps (
    id INTEGER PRIMARY KEY,
    register TEXT NOT NULL,
    receipt_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL,
    note TEXT NOT NULL
) STRICT;

CREATE INDEX steps_of_receipt ON steps (register, receipt_id);

CREATE TABLE secrets (
    register TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (register, name)
) STRICT, WITHOUT ROWID;
