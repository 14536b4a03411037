-- Codes that tables of maps had no answer to: the worklist of who keeps the tables.

CREATE TABLE unmapped_code (     -- at most 5,000 rows; what is known is counted on, what is new then waits for room
  map_table TEXT    NOT NULL,    -- the code table: codes/NAME.csv
  code      TEXT    NOT NULL,    -- as it was sent
  map       TEXT    NOT NULL,    -- the map that met it last
  display   TEXT    NOT NULL,    -- the sender's word for it; empty: none stood beside it
  place     TEXT    NOT NULL,    -- where it stood in a record
  count     INTEGER NOT NULL,    -- how often
  first_at  INTEGER NOT NULL,
  last_at   INTEGER NOT NULL,
  PRIMARY KEY (map_table, code)  -- counted on inside the transaction of the message
) STRICT, WITHOUT ROWID;
