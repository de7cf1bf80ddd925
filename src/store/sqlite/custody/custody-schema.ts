/** The tables of custody, as a migration of the authoritative file. */
export const CUSTODY_MIGRATION = `
  CREATE TABLE custody_principals (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

  -- metadata: the text of a JSON object.
  CREATE TABLE custody_wallets (
    id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, principal INTEGER NOT NULL REFERENCES custody_principals (id),
    type TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL, metadata TEXT NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX custody_wallets_of ON custody_wallets (principal);
  CREATE INDEX custody_wallets_in_use ON custody_wallets (principal) WHERE status <> 'archived';

  -- An address of a principal. Its holds count in each wallet that watches it.
  CREATE TABLE custody_accounts (
    id INTEGER PRIMARY KEY, principal INTEGER NOT NULL REFERENCES custody_principals (id),
    family TEXT NOT NULL, address TEXT NOT NULL,
    UNIQUE (family, address, principal)
  ) STRICT;

  -- derivation: the index below the wallet's extended public key; NULL: the address was given.
  CREATE TABLE custody_addresses (
    id INTEGER PRIMARY KEY, wallet INTEGER NOT NULL REFERENCES custody_wallets (id),
    account INTEGER NOT NULL REFERENCES custody_accounts (id), derivation INTEGER, created_at INTEGER NOT NULL,
    UNIQUE (account, wallet)
  ) STRICT;
  CREATE INDEX custody_addresses_of ON custody_addresses (wallet);
  CREATE INDEX custody_addresses_derived ON custody_addresses (wallet, derivation) WHERE derivation IS NOT NULL;

  -- vendor_id: given once and never changed.
  CREATE TABLE custody_chains (id INTEGER PRIMARY KEY, chain TEXT NOT NULL UNIQUE, vendor_id TEXT UNIQUE) STRICT;
  CREATE TABLE custody_assets (
    id INTEGER PRIMARY KEY, chain INTEGER NOT NULL REFERENCES custody_chains (id),
    standard TEXT NOT NULL, reference TEXT NOT NULL, vendor_id TEXT UNIQUE,
    UNIQUE (chain, reference, standard)
  ) STRICT;

  -- What is listed, without amounts. Rows are only added. Each index ends with the id, which is the order of pages.
  CREATE TABLE custody_members (
    id INTEGER PRIMARY KEY,
    principal INTEGER NOT NULL, wallet INTEGER NOT NULL, account INTEGER NOT NULL,
    chain INTEGER NOT NULL, asset INTEGER NOT NULL, created_at INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX custody_members_of_address ON custody_members (account, asset, wallet);
  CREATE INDEX custody_members_of ON custody_members (principal);
  CREATE INDEX custody_members_by_chain ON custody_members (principal, chain);
  CREATE INDEX custody_members_by_asset ON custody_members (principal, asset);
  CREATE INDEX custody_members_in_wallet ON custody_members (wallet);
  CREATE INDEX custody_members_in_wallet_by_chain ON custody_members (wallet, chain);
  CREATE INDEX custody_members_in_wallet_by_asset ON custody_members (wallet, asset);
  CREATE INDEX custody_members_having ON custody_members (asset);

  CREATE TABLE custody_holds (
    id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, principal INTEGER NOT NULL, wallet INTEGER NOT NULL,
    account INTEGER NOT NULL, asset INTEGER NOT NULL, amount BLOB NOT NULL, request_id TEXT NOT NULL,
    created_at INTEGER NOT NULL, released_at INTEGER,
    UNIQUE (principal, request_id)
  ) STRICT;
  CREATE INDEX custody_holds_on ON custody_holds (account, asset, released_at);
  `
