-- Cash registers get numbers, which are shorter than their names in every key, and the events become a
-- table by one number, to whose end SQLite adds cheaply: a synced write changes fewer pages. Steps of a
-- journal of schema 1 (`old_steps`) are chained afterwards, by Rust code.
ALTER TABLE documents RENAME TO documents_2;
ALTER TABLE events RENAME TO events_2;
DROP INDEX documents_unfinished;
DROP INDEX documents_unsettled;

-- A number is part of the places of events and leaves them 40 bits. `pruned_...` is where the chain
-- begins after events were removed.
CREATE TABLE registers (
    number INTEGER PRIMARY KEY CHECK (number BETWEEN 1 AND 8388607),
    name TEXT NOT NULL UNIQUE,
    pruned_events INTEGER NOT NULL DEFAULT 0,
    pruned_hash BLOB NOT NULL DEFAULT (zeroblob(32)),
    pruned_before_ms INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO registers (name, pruned_events, pruned_hash, pruned_before_ms)
SELECT name, COALESCE(pruned_events, 0), COALESCE(pruned_hash, zeroblob(32)), COALESCE(pruned_before_ms, 0)
FROM (SELECT register AS name FROM documents_2 UNION SELECT register FROM events_2
      UNION SELECT register FROM chains)
LEFT JOIN chains ON chains.register = name
ORDER BY name;

-- One row a receipt; `request` holds the exact bytes that are sent, `events` the places of its events
-- (JSON). Every index is one more page in each synced write: lists of all entries walk the numbers
-- themselves, and no index leads from a receipt to its events.
CREATE TABLE documents (
    number INTEGER PRIMARY KEY,
    register INTEGER NOT NULL,
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

INSERT INTO documents (number, register, receipt_id, vendor, operation, fingerprint, request, vendor_document_id,
                       state, attempts, binding, fiscal, failure, raw, created_at_ms, updated_at_ms, revision,
                       due_at_ms, events)
SELECT d.number, r.number, receipt_id, vendor, operation, fingerprint, request, vendor_document_id,
       state, attempts, binding, fiscal, failure, raw, created_at_ms, updated_at_ms, revision,
       due_at_ms, events
FROM documents_2 AS d JOIN registers AS r ON r.name = d.register
ORDER BY d.number;

-- Both end with the document's number, which SQLite adds.
CREATE INDEX documents_unfinished ON documents (register) WHERE state NOT IN ('registered', 'failed');
CREATE INDEX documents_unsettled ON documents (register) WHERE state IN ('sending', 'in_doubt');

-- What was written, in order, with `hash` over the event and the hash before it. `place` is the
-- register's number in the upper bits and the event's place in the register's chain in the lower 40.
-- The last event of a chain has `is_end`: where the last row has none, what followed was removed.
CREATE TABLE events (
    place INTEGER PRIMARY KEY,
    register INTEGER GENERATED ALWAYS AS (place >> 40) VIRTUAL,
    event INTEGER GENERATED ALWAYS AS (place & 1099511627775) VIRTUAL,
    receipt_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL,
    note TEXT NOT NULL,
    content BLOB NOT NULL,
    hash BLOB NOT NULL,
    is_end INTEGER NOT NULL
) STRICT;

-- In schema 2 the end of a chain was a row of its own behind the events: `attempt` was how many there
-- ever were and `hash` the last one's. Where all were pruned, it is all that is left of the last one.
INSERT INTO events (place, receipt_id, at_ms, attempt, state, note, content, hash, is_end)
SELECT r.number << 40 | e.event, e.receipt_id, e.at_ms, e.attempt, e.state, e.note, e.content, e.hash,
       COALESCE((e.event, e.hash) = (SELECT attempt, hash FROM events_2 AS last
                                     WHERE last.register = e.register AND last.event = 9223372036854775807), 0)
FROM events_2 AS e JOIN registers AS r ON r.name = e.register
WHERE e.event < 9223372036854775807
ORDER BY r.number, e.event;

INSERT INTO events (place, receipt_id, at_ms, attempt, state, note, content, hash, is_end)
SELECT r.number << 40 | e.attempt, '', 0, 0, '', '', x'', e.hash, 1
FROM events_2 AS e JOIN registers AS r ON r.name = e.register
WHERE e.event = 9223372036854775807 AND e.attempt = r.pruned_events
ORDER BY r.number
ON CONFLICT (place) DO NOTHING;

DROP TABLE documents_2;
DROP TABLE events_2;
DROP TABLE chains;
