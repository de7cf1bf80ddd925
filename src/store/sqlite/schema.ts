/**
 * Numbered migrations, one list per file: the index plus one is the file's `user_version`. Never change a released
 * migration; add a new one. SQL comments describe the time of their migration. Today: a row of `turns` means that the
 * token was reclassified to `reads`, and a rollback keeps it; `doubts` has the positions that are out of range, and
 * `refuted_*` those in doubt; `silences` has the unreadable tokens; `places` has the cursors of the walks.
 */
export const CHAIN_MIGRATIONS: readonly string[] = [
  `
  -- Which chain this file is of, under which coverage it was gathered, and the fencing number of its writer.
  CREATE TABLE chain (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    chain TEXT NOT NULL,
    coverage TEXT,
    fence INTEGER NOT NULL
  ) STRICT;

  -- The last block whose rows are here; rows and clock move in one transaction.
  CREATE TABLE clock (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER, hash BLOB, parent BLOB, timestamp INTEGER,
    finalized_number INTEGER, finalized_hash BLOB,
    transfers INTEGER NOT NULL
  ) STRICT;

  -- What the indexer last saw of its node. No fact: a dump leaves it out.
  CREATE TABLE heartbeat (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    state TEXT NOT NULL,
    head_number INTEGER, head_hash BLOB, head_parent BLOB, head_timestamp INTEGER,
    caught_up_at INTEGER, error TEXT, counts TEXT NOT NULL, beat_at INTEGER
  ) STRICT;

  -- Assets by an id that is given once and never taken back, not even by a rollback.
  CREATE TABLE assets (
    id INTEGER PRIMARY KEY,
    standard TEXT NOT NULL,
    reference TEXT NOT NULL,
    accounting TEXT NOT NULL DEFAULT 'events',
    first_block INTEGER,
    transfers INTEGER NOT NULL DEFAULT 0,
    holders INTEGER NOT NULL DEFAULT 0,
    UNIQUE (reference, standard)
  ) STRICT;

  -- Blocks that have transfers (kept), and all those above the finalized head, to link new ones to.
  CREATE TABLE blocks (
    number INTEGER PRIMARY KEY,
    hash BLOB NOT NULL,
    parent BLOB,
    timestamp INTEGER NOT NULL,
    kept INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX blocks_by_time ON blocks (timestamp);

  CREATE TABLE transfers (
    block INTEGER NOT NULL, log INTEGER NOT NULL, sub INTEGER NOT NULL,
    asset INTEGER NOT NULL, sender BLOB, receiver BLOB, item BLOB NOT NULL, amount BLOB NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (block, log, sub)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX transfers_by_asset ON transfers (asset, block, log, sub);

  -- One side of a transfer, with the running sum after it. Item x'' is a fungible asset or a contract's roll-up.
  CREATE TABLE changes (
    account BLOB NOT NULL, asset INTEGER NOT NULL, item BLOB NOT NULL,
    block INTEGER NOT NULL, log INTEGER NOT NULL, sub INTEGER NOT NULL,
    delta BLOB NOT NULL, sum BLOB NOT NULL,
    PRIMARY KEY (account, asset, item, block, log, sub)
  ) STRICT, WITHOUT ROWID;

  -- amount = opening + sum, or null: the opening is unknown, or the sum left the range of amounts at closed_block.
  CREATE TABLE balances (
    account BLOB NOT NULL, asset INTEGER NOT NULL, item BLOB NOT NULL,
    sum BLOB NOT NULL, opening BLOB, amount BLOB,
    met_block INTEGER NOT NULL, met_log INTEGER NOT NULL, met_sub INTEGER NOT NULL,
    received_block INTEGER, last_block INTEGER NOT NULL, closed_block INTEGER,
    fungible INTEGER NOT NULL,
    PRIMARY KEY (account, asset, item)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX balances_as_met ON balances (account, met_block, met_log, met_sub, fungible, received_block)
    WHERE item = x'';
  CREATE INDEX balances_by_amount ON balances (asset, amount DESC, account)
    WHERE item = x'' AND amount > x'80';

  -- How many assets an account ever touched, and how many fungible ones it ever received.
  CREATE TABLE accounts (
    account BLOB PRIMARY KEY,
    assets INTEGER NOT NULL,
    received INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Tokens whose balances only a read of the chain tells: found at a block of ours, with what gave them away. Their
  -- class is this row's being there: a turn writes one row, and a rollback takes it back.
  CREATE TABLE turns (
    asset INTEGER PRIMARY KEY,
    block INTEGER NOT NULL, hash BLOB NOT NULL, reason TEXT NOT NULL,
    account BLOB, item BLOB, journal BLOB, chain BLOB, turned_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX turns_by_block ON turns (block);
  ALTER TABLE assets DROP COLUMN accounting;
  -- Counts the changes of classes, so that whoever remembers assets knows when to forget.
  ALTER TABLE clock ADD COLUMN classes INTEGER NOT NULL DEFAULT 0;

  -- opening + sum over all of the asset's balances: what its events and openings say exists. Null: written before this
  -- was counted.
  ALTER TABLE assets ADD COLUMN supply BLOB;

  -- Openings that a read told: the amount at a block of ours, and the first block at whose end opening + sum holds (0:
  -- since coverage began). The newest row of a pair is what balances.opening rests on.
  CREATE TABLE openings (
    account BLOB NOT NULL, asset INTEGER NOT NULL, item BLOB NOT NULL,
    block INTEGER NOT NULL, hash BLOB NOT NULL, amount BLOB NOT NULL, since INTEGER NOT NULL,
    PRIMARY KEY (account, asset, item, block)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX openings_by_block ON openings (block);

  -- Exactly the balances that are closed: they ask for a read.
  CREATE TABLE doubts (
    asset INTEGER NOT NULL, account BLOB NOT NULL, item BLOB NOT NULL,
    PRIMARY KEY (asset, account, item)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO doubts SELECT asset, account, item FROM balances WHERE closed_block IS NOT NULL;

  -- How far each walk over the balances came, and the newest findings of the audit. No facts: a dump leaves them out.
  CREATE TABLE places (name TEXT PRIMARY KEY, place TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE findings (
    id INTEGER PRIMARY KEY, found_at INTEGER NOT NULL, what TEXT NOT NULL, block INTEGER NOT NULL,
    asset INTEGER NOT NULL, account BLOB, item BLOB, journal BLOB, chain BLOB, says TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- Pairs that were reopened: what contradicted their events is to be looked into.
  CREATE INDEX openings_reopened ON openings (asset, account, item) WHERE since > 0;
  `,
  `
  -- Tokens of which the audit could read no balance: since which block of ours, and until which, where one answered
  -- again. No facts: a dump leaves them out.
  CREATE TABLE silences (asset INTEGER PRIMARY KEY, since INTEGER NOT NULL, until INTEGER) STRICT;
  `,
  `
  -- Balances that the chain contradicted, until the contradiction is settled. No facts: a dump leaves these tables out.
  CREATE TABLE refuted_pairs (
    asset INTEGER NOT NULL, account BLOB NOT NULL, item BLOB NOT NULL,
    PRIMARY KEY (asset, account, item)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX refuted_pairs_by_account ON refuted_pairs (account);

  -- Tokens in doubt as a whole, each with its reasons: two pairs were refuted, the supply was refuted, or logs of the
  -- token were proven missing.
  CREATE TABLE refuted_assets (
    asset INTEGER PRIMARY KEY, pairs INTEGER NOT NULL, supply INTEGER NOT NULL, lacking INTEGER NOT NULL
  ) STRICT;

  -- How much is in doubt, so that readers learn it with the clock. chain: 1 while the whole chain is in doubt.
  -- next_block: logs were proven missing, and from this block on all blocks are still to be fetched again.
  CREATE TABLE in_doubt (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    pairs INTEGER NOT NULL, tokens INTEGER NOT NULL, chain INTEGER NOT NULL, next_block INTEGER
  ) STRICT;
  `,
  `
  -- stage: 0 nothing to do; 1 blocks from next_block on are to be fetched again; 2 all were, and all balances are to be
  -- compared once more. next_block stays: the blocks below it were fetched again.
  ALTER TABLE in_doubt ADD COLUMN stage INTEGER NOT NULL DEFAULT 0;

  ALTER TABLE heartbeat ADD COLUMN audit_error TEXT;

  -- The newest blocks whose logs were proven to have been left out by a node: told to the adapter when the process starts.
  CREATE TABLE log_proofs (id INTEGER PRIMARY KEY, block INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;

  -- A class belongs to the contract's code, so a rollback keeps it. code_at: the token's first transfer was rolled back,
  -- so the contract may be of the lost branch alone; whether it has code at this block decides.
  ALTER TABLE turns ADD COLUMN code_at INTEGER;
  DROP INDEX turns_by_block;
  CREATE INDEX turns_uncertain ON turns (code_at) WHERE code_at IS NOT NULL;
  `,
  `
  -- Contracts that were destroyed: at the end of the block they had no code, and what their events say ends there. again:
  -- the block at which code was seen there again. unsure: 1 where that end was on a lost branch, until it is looked at
  -- again. No facts: a dump leaves them out.
  CREATE TABLE endings (
    asset INTEGER PRIMARY KEY, block INTEGER NOT NULL, again INTEGER, unsure INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  `,
  `
  -- unlooked: 1 until the balances of a chain that was indexed were compared for the first time.
  ALTER TABLE in_doubt ADD COLUMN unlooked INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- Accounts at which events hint that are no transfers, by the first block that does. The contract is named and not
  -- numbered: what no transfer has shown to be a token is no asset. undecodable: the first
  -- block with such an event that is a transfer which can't be decoded.
  CREATE TABLE hints (
    reference TEXT NOT NULL, standard TEXT NOT NULL, account BLOB NOT NULL, item BLOB NOT NULL,
    block INTEGER NOT NULL, undecodable INTEGER,
    PRIMARY KEY (reference, standard, account, item)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX hints_by_block ON hints (block);
  CREATE INDEX hints_as_met ON hints (reference, standard, block);
  CREATE INDEX hints_undecodable ON hints (undecodable) WHERE undecodable IS NOT NULL;
  `,
  `
  -- The newest block when the pair was last refuted: what was read of an earlier block settles nothing.
  ALTER TABLE refuted_pairs ADD COLUMN block INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- The same of a token's supply.
  ALTER TABLE refuted_assets ADD COLUMN supply_block INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- The block that was the node's head at caught_up_at.
  ALTER TABLE heartbeat ADD COLUMN caught_up_hash BLOB;
  `,
  `
  -- The accounts of a chain with the scope accounts. through: the last block with stored transfers of the account, while its
  -- history is being fetched; null: it is followed, or leaving. leaving: 1 while the rows of an account that is no longer
  -- followed are being deleted. leads: how many leads of the adapter the history was searched by. known_through: up to this
  -- block nothing can be missing that a new lead reveals; null: transfers are found without leads. cut: 1 if nodes cut the
  -- list of the account's coins, so that whole blocks must be read.
  CREATE TABLE followed (
    account BLOB PRIMARY KEY, through INTEGER, leads INTEGER NOT NULL, leaving INTEGER NOT NULL DEFAULT 0,
    known_through INTEGER, cut INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  -- Changes with the set of followed accounts.
  ALTER TABLE chain ADD COLUMN followings INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- Blocks that were repaired during a bulk load, whose log has them as they were before.
  CREATE TABLE repaired (block INTEGER PRIMARY KEY) STRICT;
  `,
]

/**
 * What nodes returned, written by any process at any time. It is apart from the facts, so that no reader waits for
 * their writer.
 */
export const READS_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE observations (
    account BLOB NOT NULL, reference TEXT NOT NULL, standard TEXT NOT NULL, item BLOB NOT NULL,
    block INTEGER NOT NULL, hash BLOB NOT NULL, amount BLOB NOT NULL, observed_at INTEGER NOT NULL,
    PRIMARY KEY (account, reference, standard, item)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX observations_by_block ON observations (block);

  CREATE TABLE tokens (
    reference TEXT NOT NULL, standard TEXT NOT NULL,
    name TEXT, symbol TEXT, decimals INTEGER, supply BLOB, supply_block INTEGER, supply_hash BLOB,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (reference, standard)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tokens_by_age ON tokens (read_at);

  -- Through which asset id the journal's assets have been queued for reading.
  CREATE TABLE queued (one INTEGER PRIMARY KEY CHECK (one = 1), asset INTEGER NOT NULL) STRICT;
  INSERT INTO queued VALUES (1, 0);
  `,
  `
  -- 1 once the journal has adopted the read or compared it with its own.
  ALTER TABLE observations ADD COLUMN judged INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX observations_unjudged ON observations (block) WHERE judged = 0;
  `,
  `
  -- Who holds a token that is known by reads, greatest first.
  CREATE INDEX observations_by_amount ON observations (reference, standard, amount DESC, account) WHERE item = x'';
  `,
  `
  -- Which chain this file is of: noted by the first process that opens it.
  CREATE TABLE read_of (one INTEGER PRIMARY KEY CHECK (one = 1), chain TEXT NOT NULL) STRICT;
  `,
  `
  -- Tokens by the beginning of their symbol or name.
  CREATE INDEX tokens_by_symbol ON tokens (symbol COLLATE NOCASE);
  CREATE INDEX tokens_by_name ON tokens (name COLLATE NOCASE);
  `,
  `
  -- What adapters learned: short texts, numbered from 1 without gaps.
  CREATE TABLE learned (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
  `,
  `
  -- Reads of balances that only reads tell, of the blocks that are not final yet and the newest final one. A read that returned
  -- the amount of the read before it is left out.
  CREATE TABLE trail (
    account BLOB NOT NULL, reference TEXT NOT NULL, standard TEXT NOT NULL, item BLOB NOT NULL, block INTEGER NOT NULL,
    amount BLOB NOT NULL, observed_at INTEGER NOT NULL,
    PRIMARY KEY (account, reference, standard, item, block)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX trail_by_block ON trail (block);
  `,
  `
  -- The generation of the journal whose asset ids these are: in another one, assets that only reads name have other ids.
  ALTER TABLE queued ADD COLUMN generation TEXT;
  `,
]
