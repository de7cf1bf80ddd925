/** The tables of stored reads of a chain's nodes, in a schema of their own: they outlive a journal that is begun anew. */
export const READ_TABLES = `
  -- The newest read of each key. judged: the journal has compared it.
  CREATE TABLE observations (
    account bytea NOT NULL, reference text COLLATE "C" NOT NULL, standard text COLLATE "C" NOT NULL, item bytea NOT NULL,
    block bigint NOT NULL, hash bytea NOT NULL, amount bytea NOT NULL, observed_at bigint NOT NULL,
    judged smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (account, reference, standard, item)
  );
  CREATE INDEX observations_by_amount ON observations (reference, standard, amount DESC, account)
    WHERE item = ''::bytea AND amount > '\\x80'::bytea;
  CREATE INDEX observations_by_block ON observations (block);
  CREATE INDEX observations_unjudged ON observations (block) WHERE judged = 0;

  -- Reads of balances over the blocks that are not final yet.
  CREATE TABLE trail (
    account bytea NOT NULL, reference text COLLATE "C" NOT NULL, standard text COLLATE "C" NOT NULL, item bytea NOT NULL,
    block bigint NOT NULL, amount bytea NOT NULL, observed_at bigint NOT NULL,
    PRIMARY KEY (account, reference, standard, item, block)
  );
  CREATE INDEX trail_by_block ON trail (block);

  -- The facts that tokens report about themselves. read_at 0: never read, or to be read again.
  CREATE TABLE tokens (
    reference text COLLATE "C" NOT NULL, standard text COLLATE "C" NOT NULL,
    name text COLLATE "C", symbol text COLLATE "C", decimals bigint,
    supply bytea, supply_block bigint, supply_hash bytea, read_at bigint NOT NULL,
    PRIMARY KEY (reference, standard)
  );
  CREATE INDEX tokens_by_age ON tokens (read_at);
  CREATE INDEX tokens_by_symbol ON tokens (lower(symbol)) WHERE symbol IS NOT NULL;
  CREATE INDEX tokens_by_name ON tokens (lower(name)) WHERE name IS NOT NULL;

  -- Up to which asset of which journal tokens are queued for reading.
  CREATE TABLE queued (one bigint PRIMARY KEY CHECK (one = 1), asset bigint NOT NULL, generation text);
  INSERT INTO queued VALUES (1, 0);

  -- What adapters learned. Rows are never deleted, so their numbers have no gaps.
  CREATE TABLE learned (number bigint PRIMARY KEY, text text COLLATE "C" NOT NULL UNIQUE);
  `
