-- One row a receipt; `request` holds the exact bytes that are sent. Numbers may have gaps.
CREATE TABLE IF NOT EXISTS kassa_documents (
    number BIGSERIAL NOT NULL,
    register TEXT NOT NULL,
    receipt_id TEXT NOT NULL,
    vendor TEXT NOT NULL,
    operation TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    request BYTEA NOT NULL,
    vendor_document_id TEXT,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    binding TEXT,
    fiscal TEXT,
    failure TEXT,
    raw TEXT,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    due_at_ms BIGINT NOT NULL,
    PRIMARY KEY (register, receipt_id)
);

CREATE INDEX IF NOT EXISTS kassa_documents_arrived ON kassa_documents (register, number);
CREATE INDEX IF NOT EXISTS kassa_documents_unfinished ON kassa_documents (register, number)
    WHERE state NOT IN ('registered', 'failed');
CREATE INDEX IF NOT EXISTS kassa_documents_unsettled ON kassa_documents (register, number)
    WHERE state IN ('sending', 'in_doubt');

-- What was written. `event` (the place in the chain of the register) and `hash` come later, when
-- the event is chained: writers of one register never wait for each other.
CREATE TABLE IF NOT EXISTS kassa_events (
    id BIGSERIAL NOT NULL PRIMARY KEY,
    register TEXT NOT NULL,
    receipt_id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    state TEXT NOT NULL,
    note TEXT NOT NULL,
    content BYTEA NOT NULL,
    event BIGINT,
    hash BYTEA,
    UNIQUE (register, event)
);

CREATE INDEX IF NOT EXISTS kassa_events_of_receipt ON kassa_events (register, receipt_id);
CREATE INDEX IF NOT EXISTS kassa_events_open ON kassa_events (register, receipt_id, revision) WHERE event IS NULL;

-- Where the chain of a register stands, and where it begins after events were pruned.
CREATE TABLE IF NOT EXISTS kassa_chains (
    register TEXT NOT NULL PRIMARY KEY,
    events BIGINT NOT NULL,
    last_hash BYTEA NOT NULL,
    pruned_events BIGINT NOT NULL,
    pruned_hash BYTEA NOT NULL,
    pruned_before_ms BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS kassa_secrets (
    register TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (register, name)
);

-- Rights to work on something, by the clock of the data base.
CREATE TABLE IF NOT EXISTS kassa_leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    token BIGINT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
