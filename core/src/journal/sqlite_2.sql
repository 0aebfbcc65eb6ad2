-- Entries get a number (order of arrival), a revision and a due time; steps become the events of a
-- hash-chained line per register, which Rust code fills from `old_steps` and `old_documents`.
ALTER TABLE documents RENAME TO old_documents;
ALTER TABLE steps RENAME TO old_steps;
DROP INDEX documents_unfinished;
DROP INDEX steps_of_receipt;

-- One row a receipt; `request` holds the exact bytes that are sent, `events` the places of its events
-- (JSON). Every index is one more page in each synced write: lists of all entries walk the numbers
-- themselves, and no index leads from a receipt to its events.
CREATE TABLE documents (
    number INTEGER PRIMARY KEY,
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
    revision INTEGER NOT NULL,
    due_at_ms INTEGER NOT NULL,
    events TEXT NOT NULL,
    UNIQUE (register, receipt_id)
) STRICT;

CREATE INDEX documents_unfinished ON documents (register, number)
    WHERE state NOT IN ('registered', 'failed');
CREATE INDEX documents_unsettled ON documents (register, number) WHERE state IN ('sending', 'in_doubt');

INSERT INTO documents (register, receipt_id, vendor, operation, fingerprint, request, vendor_document_id, state,
                       attempts, binding, fiscal, failure, raw, created_at_ms, updated_at_ms, revision, due_at_ms,
                       events)
SELECT d.register, d.receipt_id, vendor, operation, fingerprint, request, vendor_document_id, d.state,
       attempts, binding, fiscal, failure, raw, created_at_ms, updated_at_ms, MAX(COUNT(s.id), 1), 0, '[]'
FROM old_documents AS d
LEFT JOIN old_steps AS s ON s.register = d.register AND s.receipt_id = d.receipt_id
GROUP BY d.register, d.receipt_id
ORDER BY COALESCE(MIN(s.id), 9223372036854775807), created_at_ms;

-- What was written, in order, with `hash` over the event and the hash before it. Behind the events of a
-- register stands its end, with the largest number there is as its place: `attempt` is how many events
-- there ever were and `hash` the last one's. A table of ends would be one more page in each synced write.
CREATE TABLE events (
    register TEXT NOT NULL,
    event INTEGER NOT NULL,
    receipt_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL,
    note TEXT NOT NULL,
    content BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (register, event)
) STRICT, WITHOUT ROWID;

-- Where the chain of a register begins after events were pruned.
CREATE TABLE chains (
    register TEXT NOT NULL PRIMARY KEY,
    pruned_events INTEGER NOT NULL,
    pruned_hash BLOB NOT NULL,
    pruned_before_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
