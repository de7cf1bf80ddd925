/**
 * The tables of one chain's journal, as `journal/tables` describes them. An issuer's ledger has them beside its own tables;
 * a chain with nodes will have them in a schema of its own. Account data begins with the account in each key.
 */
export const CHAIN_TABLES = `
  -- Which chain these tables are of, its coverage, and the fencing number of its writer.
  CREATE TABLE chain (
    one bigint PRIMARY KEY CHECK (one = 1), chain text COLLATE "C" NOT NULL, coverage text, fence bigint NOT NULL,
    followings bigint NOT NULL DEFAULT 0
  );

  -- The last block whose rows are here, and how often answers about committed blocks changed.
  CREATE TABLE clock (
    one bigint PRIMARY KEY CHECK (one = 1),
    number bigint, hash bytea, parent bytea, timestamp bigint,
    finalized_number bigint, finalized_hash bytea,
    transfers bigint NOT NULL, classes bigint NOT NULL DEFAULT 0
  );

  -- Assets by an id that is given once and never taken back.
  CREATE TABLE assets (
    id bigint PRIMARY KEY,
    standard text COLLATE "C" NOT NULL, reference text COLLATE "C" NOT NULL,
    first_block bigint, transfers bigint NOT NULL DEFAULT 0, holders bigint NOT NULL DEFAULT 0, supply bytea,
    UNIQUE (reference, standard)
  );

  -- Blocks that have transfers (kept), and those that new ones link to.
  CREATE TABLE blocks (
    number bigint PRIMARY KEY, hash bytea NOT NULL, parent bytea, timestamp bigint NOT NULL, kept smallint NOT NULL
  );
  CREATE INDEX blocks_by_time ON blocks (timestamp);

  CREATE TABLE transfers (
    block bigint NOT NULL, log bigint NOT NULL, sub bigint NOT NULL,
    asset bigint NOT NULL, sender bytea, receiver bytea, item bytea NOT NULL, amount bytea NOT NULL, hash bytea NOT NULL,
    PRIMARY KEY (block, log, sub)
  );
  CREATE INDEX transfers_by_asset ON transfers (asset, block, log, sub);

  -- One side of a transfer, with the running sum after it. An empty item is a fungible asset or a contract's roll-up.
  CREATE TABLE changes (
    account bytea NOT NULL, asset bigint NOT NULL, item bytea NOT NULL,
    block bigint NOT NULL, log bigint NOT NULL, sub bigint NOT NULL,
    delta bytea NOT NULL, sum bytea NOT NULL,
    PRIMARY KEY (account, asset, item, block, log, sub)
  );

  -- amount = opening + sum, or null: the opening is unknown, or the sum left the range of amounts at closed_block.
  CREATE TABLE balances (
    account bytea NOT NULL, asset bigint NOT NULL, item bytea NOT NULL,
    sum bytea NOT NULL, opening bytea, amount bytea,
    met_block bigint NOT NULL, met_log bigint NOT NULL, met_sub bigint NOT NULL,
    received_block bigint, last_block bigint NOT NULL, closed_block bigint,
    fungible smallint NOT NULL,
    PRIMARY KEY (account, asset, item)
  );
  CREATE INDEX balances_as_met ON balances (account, met_block, met_log, met_sub, fungible, received_block)
    WHERE item = ''::bytea;
  CREATE INDEX balances_by_amount ON balances (asset, amount DESC, account)
    WHERE item = ''::bytea AND amount > '\\x80'::bytea;

  -- How many assets an account ever met, and how many fungible ones it ever received.
  CREATE TABLE accounts (account bytea PRIMARY KEY, assets bigint NOT NULL, received bigint NOT NULL);

  -- Reads that give a balance its opening.
  CREATE TABLE openings (
    account bytea NOT NULL, asset bigint NOT NULL, item bytea NOT NULL,
    block bigint NOT NULL, hash bytea NOT NULL, amount bytea NOT NULL, since bigint NOT NULL,
    PRIMARY KEY (account, asset, item, block)
  );
  CREATE INDEX openings_by_block ON openings (block);
  CREATE INDEX openings_reopened ON openings (asset, account, item) WHERE since > 0;

  -- Exactly the balances that are closed: they ask for a read.
  CREATE TABLE doubts (
    asset bigint NOT NULL, account bytea NOT NULL, item bytea NOT NULL, PRIMARY KEY (asset, account, item)
  );

  -- Accounts at which events hint that are no transfers, by the first block that does.
  CREATE TABLE hints (
    reference text COLLATE "C" NOT NULL, standard text COLLATE "C" NOT NULL, account bytea NOT NULL, item bytea NOT NULL,
    block bigint NOT NULL, undecodable bigint,
    PRIMARY KEY (reference, standard, account, item)
  );
  CREATE INDEX hints_by_block ON hints (block);
  CREATE INDEX hints_as_met ON hints (reference, standard, block);
  CREATE INDEX hints_undecodable ON hints (undecodable) WHERE undecodable IS NOT NULL;
  `
