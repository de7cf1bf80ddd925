import { CUSTODY_TABLES } from './custody-schema.ts'
import { CHAIN_TABLES } from './journal/chain-schema.ts'
import { LEDGER_TABLES } from './ledger/ledger-schema.ts'
import type { SchemaTables } from './migrate.ts'

/**
 * Numbered migrations, which are applied in order and recorded in `migrations`. Never change a released one; add a new
 * one. Names, columns and codecs are those of the embedded store, so both hold the same rows for the same history. All text
 * sorts by its bytes, whatever the database's locale is. No number comes from a sequence: numbers that order rows are given
 * in the order of the commits.
 */
export const MIGRATIONS: readonly string[] = [
  `
  -- Who may write a chain. Its writer raises the fence when it takes the lease, and checks it in each of its transactions.
  CREATE TABLE leases (
    chain text COLLATE "C" PRIMARY KEY,
    fence bigint NOT NULL,
    holder text NOT NULL,
    expires_at timestamptz NOT NULL
  );

  CREATE TABLE users (
    id text COLLATE "C" PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    password_hash text NOT NULL,
    principal text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    disabled_at bigint
  );

  -- sequence: the order of the logins, whatever the clock said.
  CREATE TABLE sessions (
    sequence bigint PRIMARY KEY,
    id_hash bytea NOT NULL UNIQUE,
    user_id text COLLATE "C" NOT NULL REFERENCES users (id),
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
  );
  CREATE INDEX sessions_by_user ON sessions (user_id, sequence);
  CREATE INDEX sessions_by_expiry ON sessions (expires_at);

  -- user_id: the user who made the key in a session. NULL: the operator made it.
  CREATE TABLE keys (
    id text COLLATE "C" PRIMARY KEY,
    secret_hash bytea NOT NULL,
    name text NOT NULL,
    principal text COLLATE "C" NOT NULL,
    scopes text NOT NULL,
    origins text NOT NULL,
    ips text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint,
    revoked_at bigint,
    user_id text COLLATE "C" REFERENCES users (id)
  );
  CREATE INDEX keys_by_user ON keys (user_id) WHERE user_id IS NOT NULL;

  -- When each key was last used.
  CREATE TABLE uses (id text COLLATE "C" PRIMARY KEY, used_at bigint NOT NULL);

  -- US dollars for one whole token, by CAIP-19 asset and Unix seconds.
  CREATE TABLE price_history (
    asset text COLLATE "C" NOT NULL, at bigint NOT NULL, price text NOT NULL,
    PRIMARY KEY (asset, at)
  );

  -- Accounts that are to be followed beside the configured ones, as canonical addresses, in the order of the requests.
  CREATE TABLE follow_requests (
    sequence bigint PRIMARY KEY, chain text COLLATE "C" NOT NULL, account text COLLATE "C" NOT NULL,
    requested_at bigint NOT NULL,
    UNIQUE (chain, account)
  );

  -- What running processes tell each other. Nothing in these tables is needed after a restart.
  -- The last report of each chain's indexer, as JSON. at: Unix milliseconds.
  CREATE TABLE reports (
    chain text COLLATE "C" PRIMARY KEY, writer text NOT NULL, has_lease smallint NOT NULL, at bigint NOT NULL,
    report text NOT NULL
  );

  -- Balances that the audit of a chain is to compare.
  CREATE TABLE comparisons (
    chain text COLLATE "C" NOT NULL, account text COLLATE "C" NOT NULL, standard text COLLATE "C" NOT NULL,
    reference text COLLATE "C" NOT NULL, item text COLLATE "C" NOT NULL, sequence bigint NOT NULL,
    PRIMARY KEY (chain, account, standard, reference, item)
  );

  -- Calls by policy and key in the window that ends at ends_at, in Unix milliseconds.
  CREATE TABLE calls (
    policy text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, count bigint NOT NULL, ends_at bigint NOT NULL,
    PRIMARY KEY (policy, key)
  );
  CREATE INDEX calls_by_end ON calls (policy, ends_at);
  `,
  CHAIN_TABLES + LEDGER_TABLES,
  CUSTODY_TABLES,
]

/** The tables of a store itself. */
export const STORE_TABLES: SchemaTables = {
  migrations: MIGRATIONS,
  remedy: 'restore the database from its newest backup, or run "steelyard restore" with an empty schema',
}
