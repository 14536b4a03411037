-- The first shape of the store. Shipped migrations are never edited: a change is a new file with the next number.
-- The comments of tables and columns stand inside the statements, so the file itself carries them (`.schema` of the
-- sqlite3 shell).
-- Times are Unix milliseconds. A column called "zstd" in its comment holds one zstd frame with size and checksum
-- (gateway/store/body.h), or NULL for nothing. docs/FORMATS.md shows every table with a worked example.

CREATE TABLE store (             -- exactly one row: what must survive a restart and belongs to no other table
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  opened     INTEGER NOT NULL,   -- how often the file was opened for writing: upper half of every lease
  audit_id   INTEGER NOT NULL,   -- last entry of `audit`: a chain cut short at its end is noticed
  audit_hash TEXT    NOT NULL    -- and its hash
) STRICT;

CREATE TABLE message (           -- one message that reached this site, by whichever door; narrow, the bytes are apart
  id           INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice, even after the newest were deleted
  at           INTEGER NOT NULL, -- when it arrived
  door         TEXT NOT NULL,    -- mllp:lis, http:platform, fhir
  sender       TEXT NOT NULL,    -- scope of control_id
  control_id   TEXT NOT NULL,    -- MSH-10, msgId, MessageHeader.id
  transmission TEXT NOT NULL,    -- Bundle.id, or empty
  content_hash TEXT NOT NULL,    -- hex; same id with another hash is a conflict
  event        TEXT NOT NULL,    -- report, referral-request ...; empty: could not be read
  correlation  TEXT NOT NULL,    -- the case
  state        INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),  -- 0 accepted 1 held 2 refused 3 released 4 discarded
  reason_code  TEXT NOT NULL,    -- held, refused: why, for programs
  reason       TEXT NOT NULL     -- and for people
) STRICT;
CREATE INDEX message_by_at          ON message (at);                            -- newest first, without a filter
CREATE INDEX message_by_event       ON message (event, at);                     -- messages(event)
CREATE INDEX message_by_sender      ON message (sender, at);                    -- messages(sender)
CREATE INDEX message_by_correlation ON message (correlation, at);               -- messages(correlation): a case
CREATE INDEX message_by_state       ON message (state, at) WHERE state <> 0;    -- messages(state): held list; counts()

CREATE TABLE message_body (      -- the bytes of a message; the small ones first: a big raw body need not be walked over
  message INTEGER PRIMARY KEY REFERENCES message,
  answer  BLOB,                  -- zstd: the positive answer, replayed byte for byte
  explain BLOB,                  -- zstd: JSON, which rules matched
  raw     BLOB,                  -- zstd: as received
  bundle  BLOB                   -- zstd: FHIR as mapped
) STRICT;

CREATE TABLE seen (              -- de-duplication: the accepted and released ones only
  sender     TEXT NOT NULL,
  control_id TEXT NOT NULL,
  message    INTEGER NOT NULL REFERENCES message,
  PRIMARY KEY (sender, control_id)  -- asked inside every transaction that remembers
) STRICT, WITHOUT ROWID;

CREATE TABLE business_id (       -- what people look a message up by: report no., referral no., MSH-10, Bundle.id
  value   TEXT    NOT NULL,
  message INTEGER NOT NULL REFERENCES message,
  PRIMARY KEY (value, message)   -- messages(business_id): the trace
) STRICT, WITHOUT ROWID;
CREATE INDEX business_id_of_message ON business_id (message);  -- the ids of one message, to show it

CREATE TABLE destination (       -- names of destinations, so that the queue stays narrow; never deleted
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE      -- peer:hongkong, local:his
) STRICT;

CREATE TABLE delivery (          -- one message on its way to one destination: what was decided, and how it ended
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  message      INTEGER NOT NULL REFERENCES message,
  destination  INTEGER NOT NULL REFERENCES destination,
  lane         TEXT,             -- ordering key; NULL: waits for nobody
  content_type TEXT NOT NULL,
  control_id   TEXT NOT NULL,    -- what its acknowledgement must name
  request_id   TEXT NOT NULL,    -- X-Request-ID, the same on every retry
  correlation  TEXT NOT NULL,
  event        TEXT NOT NULL,
  state        INTEGER NOT NULL CHECK (state BETWEEN 0 AND 5 AND state <> 1),  -- 0 waiting 2 delivered 3 dead 4 held 5
                                 -- cancelled; not IN (...): for that SQLite fills a table each time a row is written;
                                 -- 1 claimed is never stored here: it is a row of `queue` with a lease
  reason       TEXT NOT NULL,    -- waiting again, dead, held: why
  attempts     INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL, -- 0: never
  settled_at   INTEGER NOT NULL, -- 0: not yet
  answer       BLOB              -- zstd: the last answer of the other side
) STRICT;
CREATE INDEX delivery_by_message ON delivery (message);  -- deliveries(message): the trace
CREATE INDEX delivery_by_state   ON delivery (state, id) WHERE state IN (3, 4);  -- operator's list of dead and held

CREATE TABLE delivery_body (     -- the bytes as they are sent, first time and every retry
  delivery INTEGER PRIMARY KEY REFERENCES delivery,
  bytes    BLOB                  -- zstd
) STRICT;

CREATE TABLE queue (             -- the deliveries still to be made, and nothing else: claiming touches only this table
  id          INTEGER PRIMARY KEY REFERENCES delivery,
  destination INTEGER NOT NULL,
  lane        TEXT,              -- as in delivery
  next_at     INTEGER NOT NULL,  -- not before
  due_at      INTEGER,           -- head of its lane: when it may be claimed: next_at, or the end of the lease; else NULL
  lease       INTEGER,           -- the claim in flight; NULL: none
  CHECK (lease IS NULL OR due_at IS NOT NULL)
) STRICT;
CREATE INDEX queue_due  ON queue (destination, due_at) WHERE due_at IS NOT NULL;  -- claim(): due heads, longest first
CREATE INDEX queue_lane ON queue (destination, lane, id) WHERE lane IS NOT NULL;  -- who is next in a lane
CREATE UNIQUE INDEX queue_head ON queue (destination, lane) WHERE due_at IS NOT NULL AND lane IS NOT NULL;
                                 -- one head, so at most one in flight, for each lane; who it is
CREATE INDEX queue_leased ON queue (lease) WHERE lease IS NOT NULL;  -- counts(); opening voids leases

CREATE TABLE resource (          -- the current state of each resource; narrow, the JSON is in resource_version
  id          INTEGER PRIMARY KEY,
  type        TEXT NOT NULL,
  logical_id  TEXT NOT NULL,
  version     INTEGER NOT NULL,  -- current one: 1, 2, 3 ...
  message     INTEGER REFERENCES message,  -- that brought the current version; NULL: none did
  at          INTEGER NOT NULL,
  owner       TEXT NOT NULL,     -- organisation it came from
  event       TEXT NOT NULL,
  correlation TEXT NOT NULL,
  UNIQUE (type, logical_id)      -- resource(type, id)
) STRICT;
CREATE INDEX resource_by_correlation ON resource (correlation, type);  -- resources_of(case)

CREATE TABLE resource_version (  -- every version ever stored, append-only
  resource INTEGER NOT NULL REFERENCES resource,
  version  INTEGER NOT NULL,
  message  INTEGER REFERENCES message,
  at       INTEGER NOT NULL,
  json     BLOB,                 -- zstd
  UNIQUE (resource, version)     -- reading one version
) STRICT;

CREATE TABLE resource_identifier (  -- business identifiers of the current versions
  type     TEXT NOT NULL,
  value    TEXT NOT NULL,
  system   TEXT NOT NULL,
  resource INTEGER NOT NULL REFERENCES resource,
  PRIMARY KEY (type, value, system, resource)  -- ?identifier=value and ?identifier=system|value
) STRICT, WITHOUT ROWID;
CREATE INDEX resource_identifier_of ON resource_identifier (resource);  -- those of one resource: to show, to replace

CREATE TABLE pseudonym_link (    -- who a pseudonym is; never leaves this site
  recipient TEXT NOT NULL,
  pseudonym TEXT NOT NULL,
  patient   BLOB,                -- zstd: Patient, JSON
  PRIMARY KEY (recipient, pseudonym)  -- link(recipient, pseudonym)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (             -- hash chain: each entry's hash covers the one before it
  id     INTEGER PRIMARY KEY,    -- 1, 2, 3 ... without gaps
  at     INTEGER NOT NULL,
  event  TEXT NOT NULL,
  actor  TEXT NOT NULL,
  detail TEXT NOT NULL,          -- JSON
  hash   TEXT NOT NULL           -- SHA-256, hex (gateway/store/audit_chain.h)
) STRICT;

INSERT INTO store VALUES (1, 0, 0, '0000000000000000000000000000000000000000000000000000000000000000');
