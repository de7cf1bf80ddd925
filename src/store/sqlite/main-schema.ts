/** Numbered migrations of the files that cannot be rebuilt from anything else. `schema.ts` says how such lists grow. */
import { CUSTODY_MIGRATION } from './custody/custody-schema.ts'

/** The authoritative tables: they cannot be rebuilt from anything else. */
export const MAIN_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    secret_hash BLOB NOT NULL,
    name TEXT NOT NULL,
    principal TEXT NOT NULL,
    scopes TEXT NOT NULL,
    origins TEXT NOT NULL,
    ips TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE users (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    principal TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER
  ) STRICT, WITHOUT ROWID;

  -- sequence: the order of the logins, whatever the clock said.
  CREATE TABLE sessions (
    sequence INTEGER PRIMARY KEY,
    id_hash BLOB NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX sessions_by_user ON sessions (user_id, sequence);
  CREATE INDEX sessions_by_expiry ON sessions (expires_at);
  `,
  `
  -- US dollars for one whole token, by CAIP-19 asset and Unix seconds. The source of prices may not answer for the past.
  CREATE TABLE price_history (
    asset TEXT NOT NULL, at INTEGER NOT NULL, price TEXT NOT NULL,
    PRIMARY KEY (asset, at)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- The user who made the key in a session. NULL: the operator made it.
  ALTER TABLE keys ADD COLUMN user_id TEXT REFERENCES users (id);
  CREATE INDEX keys_by_user ON keys (user_id) WHERE user_id IS NOT NULL;
  `,
  `
  -- Accounts that are to be followed beside the configured ones, as canonical addresses.
  CREATE TABLE follow_requests (
    sequence INTEGER PRIMARY KEY, chain TEXT NOT NULL, account TEXT NOT NULL, requested_at INTEGER NOT NULL,
    UNIQUE (chain, account)
  ) STRICT;
  `,
  CUSTODY_MIGRATION,
  `
  -- The clock state that the operator confirmed on a machine.
  CREATE TABLE accepted_clocks (
    host TEXT PRIMARY KEY, wall REAL NOT NULL, steady REAL NOT NULL, through REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
]

/**
 * The issuer's ledger, in the authoritative file beside the tables of CHAIN_MIGRATIONS. Its operations are the record;
 * all other rows follow from them. A new table in that file must not take a name from either list.
 */
export const LEDGER_MIGRATIONS: readonly string[] = [
  `
  -- How many operations of each series the record holds: the next serials.
  CREATE TABLE ledger (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    assets INTEGER NOT NULL, wallets INTEGER NOT NULL, mints INTEGER NOT NULL, moves INTEGER NOT NULL
  ) STRICT;

  -- What was accepted, by the number of its block; hash, parent and time are in blocks. A registered wallet is the
  -- receiver. request: the digest of the caller's key, which the hash seals.
  CREATE TABLE ledger_operations (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL, serial INTEGER NOT NULL,
    asset TEXT, sender BLOB, receiver BLOB, amount BLOB,
    name TEXT, symbol TEXT, reissue INTEGER,
    request BLOB
  ) STRICT;
  CREATE UNIQUE INDEX ledger_assets ON ledger_operations (asset) WHERE kind = 'register_asset';
  CREATE UNIQUE INDEX ledger_wallets ON ledger_operations (receiver) WHERE kind = 'register_wallet';
  CREATE INDEX ledger_operations_by_asset ON ledger_operations (asset) WHERE asset IS NOT NULL;
  CREATE INDEX ledger_operations_by_sender ON ledger_operations (sender) WHERE sender IS NOT NULL;
  CREATE INDEX ledger_operations_by_receiver ON ledger_operations (receiver) WHERE receiver IS NOT NULL;

  -- Which operation a caller's key was used for, for ever.
  CREATE TABLE ledger_keys (
    scope TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- An asset's operations are found by its transfers, a wallet's by its balance changes: three indexes less to write.
  DROP INDEX ledger_operations_by_asset;
  DROP INDEX ledger_operations_by_sender;
  DROP INDEX ledger_operations_by_receiver;
  `,
  `
  -- Which registration a caller's key repeated, for ever: calls that changed nothing, of which the record says nothing.
  CREATE TABLE ledger_repeats (
    scope TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
  ) STRICT, WITHOUT ROWID;
  -- Assets in the order of their registration.
  CREATE UNIQUE INDEX ledger_assets_in_order ON ledger_operations (serial) WHERE kind = 'register_asset';
  `,
]

/** The file of when API keys were last used. */
export const USES_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE uses (id TEXT PRIMARY KEY, used_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
]
