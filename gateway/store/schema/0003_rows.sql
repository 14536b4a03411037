-- Staging databases: what is known of the rows that were seen, and how far each door has read. A row's mark is stored
-- with the message the row became, so a kill between neither loses nor doubles it.

CREATE TABLE row_mark (          -- one row of a staging database, as it was last seen
  door    TEXT NOT NULL,         -- rows:his
  key     TEXT NOT NULL,         -- its key columns: JSON array of texts
  hash    TEXT NOT NULL,         -- of the row and the rows that belong to it; hex
  state   INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),  -- 0 taken 1 waiting 2 rejected 3 gone
  reason  TEXT NOT NULL,         -- code: why it waits, was rejected, or is gone
  version INTEGER NOT NULL,      -- how many states of it became messages
  live    INTEGER NOT NULL,      -- 1: the last of them says that the row stands; if it goes, that must be withdrawn
  at      INTEGER NOT NULL,      -- since when it is in this state
  message INTEGER REFERENCES message,  -- the last message it became; NULL: none yet
  PRIMARY KEY (door, key)        -- row_marks(), row_marks_after()
) STRICT, WITHOUT ROWID;
CREATE INDEX row_mark_by_state ON row_mark (door, state, at);  -- row_marks_in(), row_counts()

CREATE TABLE row_bookmark (      -- how far a door has read a table that tells of changes
  door    TEXT NOT NULL,
  stream  TEXT NOT NULL,         -- the table
  changed TEXT NOT NULL,         -- value of its change column
  key     TEXT NOT NULL,         -- of the row there: JSON array
  PRIMARY KEY (door, stream)
) STRICT, WITHOUT ROWID;
