-- The order of what is written: of the receipts, and of the events until they are chained.
CREATE SEQUENCE IF NOT EXISTS kassa_numbers;

-- One row a receipt; `request` holds the exact bytes that are sent. Numbers may have gaps.
CREATE TABLE IF NOT EXISTS kassa_documents (
    number BIGINT NOT NULL DEFAULT nextval('kassa_numbers'),
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

-- No other index begins with the register: a plan that was made while the table was empty must not
-- look a receipt up by anything but its key. One plain index costs a write less than partial ones,
-- whose conditions are prepared anew for each statement.
CREATE INDEX IF NOT EXISTS kassa_documents_by_state ON kassa_documents (state, register, number);

-- What was written and is not chained yet: writers of one register never wait for each other.
CREATE TABLE IF NOT EXISTS kassa_open (
    place BIGINT NOT NULL DEFAULT nextval('kassa_numbers'),
    register TEXT NOT NULL,
    receipt_id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    state TEXT NOT NULL,
    note TEXT NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (register, receipt_id, revision)
);

-- The chain: events move here when their place in it and their hash are known.
CREATE TABLE IF NOT EXISTS kassa_events (
    register TEXT NOT NULL,
    event BIGINT NOT NULL,
    receipt_id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    state TEXT NOT NULL,
    note TEXT NOT NULL,
    content BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (register, event)
);

CREATE INDEX IF NOT EXISTS kassa_events_of_receipt ON kassa_events (receipt_id, register, event);

-- Where the chain of a register stands, where it begins after events were pruned, and until when
-- one process at a time goes on with it.
CREATE TABLE IF NOT EXISTS kassa_chains (
    register TEXT NOT NULL PRIMARY KEY,
    events BIGINT NOT NULL,
    last_hash BYTEA NOT NULL,
    pruned_events BIGINT NOT NULL,
    pruned_hash BYTEA NOT NULL,
    pruned_before_ms BIGINT NOT NULL,
    claimed_until TIMESTAMPTZ NOT NULL
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
