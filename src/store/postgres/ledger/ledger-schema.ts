import { AMOUNT_NUMBER } from '../journal/chain-views.ts'

/** The tables of an issuer's ledger beside those of its chain, and the views for analysts. */
export const LEDGER_TABLES = `
  -- How many operations of each series the record holds. Each commit locks the row until it ends, so the next one, of any
  -- process, begins where it ended.
  CREATE TABLE ledger (
    one bigint PRIMARY KEY CHECK (one = 1),
    assets bigint NOT NULL, wallets bigint NOT NULL, mints bigint NOT NULL, moves bigint NOT NULL
  );

  -- What was accepted, by the number of its block; hash, parent and time are in blocks. A registered wallet is the
  -- receiver. request: the digest of the caller's key, which the hash seals.
  CREATE TABLE ledger_operations (
    number bigint PRIMARY KEY,
    kind text COLLATE "C" NOT NULL, serial bigint NOT NULL,
    asset text COLLATE "C", sender bytea, receiver bytea, amount bytea,
    name text, symbol text, reissue smallint,
    request bytea
  );
  CREATE UNIQUE INDEX ledger_assets ON ledger_operations (asset) WHERE kind = 'register_asset';
  CREATE UNIQUE INDEX ledger_wallets ON ledger_operations (receiver) WHERE kind = 'register_wallet';
  CREATE UNIQUE INDEX ledger_assets_in_order ON ledger_operations (serial) WHERE kind = 'register_asset';

  -- Which operation a caller's key was used for, for ever.
  CREATE TABLE ledger_keys (
    scope text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, fingerprint text NOT NULL, number bigint NOT NULL,
    PRIMARY KEY (scope, key)
  );

  -- Which registration a caller's key repeated, for ever.
  CREATE TABLE ledger_repeats (
    scope text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, fingerprint text NOT NULL, number bigint NOT NULL,
    PRIMARY KEY (scope, key)
  );

  -- The clock state that the operator confirmed on a machine.
  CREATE TABLE accepted_clocks (
    host text COLLATE "C" PRIMARY KEY,
    wall double precision NOT NULL, steady double precision NOT NULL, through double precision NOT NULL
  );

  ${AMOUNT_NUMBER}
  -- For analysts: who holds what, with the CAIP-19 name of the asset and the amount in base units as a number.
  CREATE VIEW ledger_balances AS
    SELECT convert_from(b.account, 'UTF8') AS wallet, c.chain || '/' || a.standard || ':' || a.reference AS asset,
      amount_number(b.amount)::numeric(78, 0) AS amount, b.last_block
    FROM balances b JOIN assets a ON a.id = b.asset CROSS JOIN chain c;

  -- For analysts: what moved. No sender: minted. No receiver: burnt.
  CREATE VIEW ledger_transfers AS
    SELECT t.block, to_timestamp(k.timestamp) AS at, c.chain || '/' || a.standard || ':' || a.reference AS asset,
      convert_from(t.sender, 'UTF8') AS sender, convert_from(t.receiver, 'UTF8') AS receiver,
      amount_number(t.amount)::numeric(78, 0) AS amount, '0x' || encode(t.hash, 'hex') AS hash
    FROM transfers t JOIN assets a ON a.id = t.asset JOIN blocks k ON k.number = t.block CROSS JOIN chain c;
  `
