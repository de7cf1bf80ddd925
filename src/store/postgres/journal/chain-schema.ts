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

  -- What the indexer last saw of its node. No fact: a dump leaves it out.
  CREATE TABLE heartbeat (
    one bigint PRIMARY KEY CHECK (one = 1),
    state text NOT NULL,
    head_number bigint, head_hash bytea, head_parent bytea, head_timestamp bigint,
    caught_up_at bigint, error text, counts text NOT NULL, beat_at bigint, audit_error text, caught_up_hash bytea
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

  -- Tokens that were reclassified to reads, with what showed it.
  CREATE TABLE turns (
    asset bigint PRIMARY KEY, block bigint NOT NULL, hash bytea NOT NULL, reason text NOT NULL,
    account bytea, item bytea, journal bytea, chain bytea, turned_at bigint NOT NULL, code_at bigint
  );
  CREATE INDEX turns_uncertain ON turns (code_at) WHERE code_at IS NOT NULL;

  -- Unreadable tokens: since which block, and until which.
  CREATE TABLE silences (asset bigint PRIMARY KEY, since bigint NOT NULL, until bigint);

  -- Contracts that were destroyed.
  CREATE TABLE endings (asset bigint PRIMARY KEY, block bigint NOT NULL, again bigint, unsure smallint NOT NULL DEFAULT 0);

  -- Balances that the chain refuted, until that is resolved.
  CREATE TABLE refuted_pairs (
    asset bigint NOT NULL, account bytea NOT NULL, item bytea NOT NULL, block bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (asset, account, item)
  );
  CREATE INDEX refuted_pairs_by_account ON refuted_pairs (account);

  -- Tokens in doubt as a whole, each with its reasons.
  CREATE TABLE refuted_assets (
    asset bigint PRIMARY KEY, pairs smallint NOT NULL, supply smallint NOT NULL, lacking smallint NOT NULL,
    supply_block bigint NOT NULL DEFAULT 0
  );

  -- How much is in doubt, so that readers learn it with the clock.
  CREATE TABLE in_doubt (
    one bigint PRIMARY KEY CHECK (one = 1), pairs bigint NOT NULL, tokens bigint NOT NULL, chain smallint NOT NULL,
    next_block bigint, stage bigint NOT NULL DEFAULT 0, unlooked smallint NOT NULL DEFAULT 0
  );

  -- The newest blocks whose logs were proven to have been left out by a node.
  CREATE TABLE log_proofs (id bigint PRIMARY KEY, block bigint NOT NULL, hash bytea NOT NULL);

  -- How far each walk over the balances came, and the newest findings of the audit. No facts: a dump leaves them out.
  CREATE TABLE places (name text COLLATE "C" PRIMARY KEY, place text NOT NULL);
  CREATE TABLE findings (
    id bigint PRIMARY KEY, found_at bigint NOT NULL, what text NOT NULL, block bigint NOT NULL,
    asset bigint NOT NULL, account bytea, item bytea, journal bytea, chain bytea, says text NOT NULL
  );

  -- What the newest writes did.
  CREATE TABLE feed (seq bigint PRIMARY KEY, kind text COLLATE "C" NOT NULL, first bigint NOT NULL, last bigint NOT NULL);

  -- Blocks that were repaired during a bulk load.
  CREATE TABLE repaired (block bigint PRIMARY KEY);

  -- The accounts of a chain with the scope accounts.
  CREATE TABLE followed (
    account bytea PRIMARY KEY, through bigint, leads bigint NOT NULL, leaving smallint NOT NULL DEFAULT 0,
    known_through bigint, cut smallint NOT NULL DEFAULT 0
  );
  `
