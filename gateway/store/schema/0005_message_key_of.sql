-- What a message was found by goes with its content when its retention is over (store.h, Layer).

CREATE INDEX message_key_of_message ON message_key (message);  -- sweep(): the keys of one message
