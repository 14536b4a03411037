-- Codes nobody meets any more leave the worklist, and make room when it is full.

CREATE INDEX unmapped_code_by_last ON unmapped_code (last_at);  -- the one not met for longest
