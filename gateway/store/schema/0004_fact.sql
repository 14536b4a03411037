CREATE TABLE fact (              -- what this site remembers of itself by name: see store.h, Fact
  kind  TEXT    NOT NULL,        -- generation, config-file, pause, alert ...
  key   TEXT    NOT NULL,        -- its name among its kind
  at    INTEGER NOT NULL,        -- when it was last written
  value BLOB,                    -- zstd
  UNIQUE (kind, key)             -- fact(kind, key); facts(kind), in the order of their keys
) STRICT;
