/** The file of what running processes tell each other. Nothing in it is needed after a restart. */
export const RUNNING_MIGRATIONS: readonly string[] = [
  `
  -- The last report of each chain's indexer, as JSON. at: Unix milliseconds.
  CREATE TABLE reports (
    chain TEXT PRIMARY KEY, writer TEXT NOT NULL, has_lease INTEGER NOT NULL, at INTEGER NOT NULL, report TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Balances that the audit of a chain is to compare.
  CREATE TABLE comparisons (
    sequence INTEGER PRIMARY KEY,
    chain TEXT NOT NULL, account TEXT NOT NULL, standard TEXT NOT NULL, reference TEXT NOT NULL, item TEXT NOT NULL,
    UNIQUE (chain, account, standard, reference, item)
  ) STRICT;

  -- Calls by policy and key in the window that ends at ends_at, in Unix milliseconds.
  CREATE TABLE calls (
    policy TEXT NOT NULL, key TEXT NOT NULL, count INTEGER NOT NULL, ends_at INTEGER NOT NULL,
    PRIMARY KEY (policy, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX calls_by_end ON calls (policy, ends_at);
  `,
]
