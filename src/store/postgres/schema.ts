/**
 * Numbered migrations, which are applied in order and recorded in `migrations`. Never change a released one; add a new
 * one. Names, columns and codecs are those of the embedded store, so both hold the same rows for the same history. All text
 * sorts by its bytes, whatever the database's locale is.
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
  `,
]
