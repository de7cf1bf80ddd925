import type { Transaction } from './database.ts'

/** No limit of the server ends a long transaction: it may wait for a slow disk, and the server may sort many rows. */
export const NO_LIMITS = 'SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0'

/** A transaction that stays open until it is ended by one of these. Both may be called again, and do nothing then. */
export type HeldTransaction = {
  readonly queries: Transaction
  readonly commit: () => Promise<void>
  readonly rollBack: () => Promise<void>
}

/** Ends a transaction whose work did not fail. */
class RolledBack extends Error {}

/** Holds a transaction open. `run` runs work in one: `PostgresDatabase.write` or `snapshot`. */
export async function holdTransaction(
  run: (work: (queries: Transaction) => Promise<void>) => Promise<void>,
): Promise<HeldTransaction> {
  return new Promise((resolve, reject) => {
    const ended = run(async (queries) => {
      const keep = await new Promise<boolean>((release) => {
        const end = async (keeps: boolean): Promise<void> => {
          release(keeps)
          await ended
        }
        const isOurs = (error: unknown): void => {
          if (!(error instanceof RolledBack)) throw error
        }
        resolve({ queries, commit: () => end(true), rollBack: () => end(false).catch(isOurs) })
      })
      if (!keep) throw new RolledBack()
    })
    ended.catch(reject)
  })
}
