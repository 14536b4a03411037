-- What the everyday commands need: finding messages by what they are about, and what became of a delivery try by try.

CREATE TABLE message_key (       -- what a message is about, for people who look it up; `trace` does not search here
  kind    INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 7),  -- 1 patient 2 report 3 referral 4 prescription 5 accession
                                 -- 6 the id its sender gave it (MSH-10, msgId, MessageHeader.id) 7 Bundle.id
  value   TEXT    NOT NULL,      -- identifier.value, of whatever system; pseudonyms given to others are kind 1, too
  message INTEGER NOT NULL REFERENCES message,
  PRIMARY KEY (kind, value, message)  -- find(): of one key the newest first, page by page
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (           -- tries that did not deliver, and what persons decided; of each delivery the newest 20
  delivery INTEGER NOT NULL REFERENCES delivery,
  number   INTEGER NOT NULL,     -- 1, 2, 3 ... within its delivery
  at       INTEGER NOT NULL,
  actor    TEXT    NOT NULL,     -- the user who decided; empty: the gateway itself
  state    INTEGER NOT NULL CHECK (state BETWEEN 0 AND 5),  -- of the delivery afterwards, as in `delivery`
  reason   TEXT    NOT NULL,
  PRIMARY KEY (delivery, number) -- attempts(delivery)
) STRICT, WITHOUT ROWID;

ALTER TABLE delivery ADD COLUMN replays INTEGER NOT NULL DEFAULT 0;  -- how often a person sent it again

-- Messages stored before this table was made: by the identifiers their resources carry today.
INSERT OR IGNORE INTO message_key (kind, value, message)
  SELECT CASE i.type WHEN 'Patient' THEN 1 WHEN 'DiagnosticReport' THEN 2 WHEN 'ServiceRequest' THEN 3 ELSE 4 END,
         i.value, v.message
  FROM resource_identifier i JOIN resource_version v ON v.resource = i.resource
  WHERE i.type IN ('Patient', 'DiagnosticReport', 'ServiceRequest', 'MedicationRequest') AND v.message IS NOT NULL;
INSERT OR IGNORE INTO message_key (kind, value, message) SELECT 6, control_id, id FROM message WHERE control_id <> '';
INSERT OR IGNORE INTO message_key (kind, value, message) SELECT 7, transmission, id FROM message WHERE transmission <> '';
