-- Lanes: what is urgent goes first, a dead delivery may hold its key until somebody decides, and a Bundle.id comes once.

ALTER TABLE delivery ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0;  -- 1: before all else of its destination
ALTER TABLE delivery ADD COLUMN holds  INTEGER NOT NULL DEFAULT 0;  -- 1: when it is dead it holds its lane until a person decides

ALTER TABLE queue ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0;     -- as in delivery, or an urgent one waits behind it
DROP INDEX queue_due;           -- made anew:
CREATE INDEX queue_due ON queue (destination, urgent, due_at) WHERE due_at IS NOT NULL;  -- claim(): due heads, the urgent
                                 -- ones first, longest due first
CREATE INDEX queue_stopped ON queue (id) WHERE next_at = 9223372036854775807;  -- counts(): the dead that hold their lane
                                 -- stay in the queue, due never

CREATE TABLE transmission (      -- Bundle.ids of accepted FHIR messages: each stands for one message (contract.md 2.2)
  sender  TEXT    NOT NULL,
  id      TEXT    NOT NULL,      -- Bundle.id
  message INTEGER NOT NULL REFERENCES message,
  PRIMARY KEY (sender, id)       -- asked inside every transaction that remembers one
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO transmission (sender, id, message)
  SELECT m.sender, m.transmission, m.id FROM message m JOIN seen s ON s.message = m.id
  WHERE m.door = 'fhir' AND m.transmission <> '' ORDER BY m.id;
