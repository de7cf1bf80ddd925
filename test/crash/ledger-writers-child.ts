/**
 * A writer of a ledger beside others, to be killed: `ledger-writers-child.ts URL COUNT STEP NEXT` submits every STEP-th
 * request from NEXT on, in groups. It prints a line for each: its number, and the number of its block or why it was rejected.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { isServiceError } from '../../src/core/errors.ts'
import { commitGroup } from '../../src/ledger/group-commit.ts'
import { genesisOf } from '../../src/ledger/record.ts'
import { openRecords } from '../../src/store/open.ts'
import type { LedgerJournal } from '../../src/store/seam/ledger-store.ts'
import type { Records } from '../../src/store/seam/records.ts'
import { BEGAN, CHAIN } from '../ledger/ledger.ts'
import { makeRequests } from './ledger-writers-requests.ts'

const GROUP = 8
const [url = '', count, step, next] = process.argv.slice(2)
const requests = makeRequests(Number(count))

/** Tries until the store is there. */
async function open(): Promise<{ store: Records; journal: LedgerJournal }> {
  for (;;) {
    try {
      const store = await openRecords({ url, create: true })
      return { store, journal: await store.ledgers.openJournal(CHAIN, genesisOf(CHAIN, BEGAN)) }
    } catch (error) {
      if (!isServiceError(error, 'STORE_UNAVAILABLE')) throw error
      await wait(20)
    }
  }
}

const { store, journal } = await open()
let mine = requests.map((request, at) => ({ request, at })).filter(({ at }) => at >= Number(next))
mine = mine.filter(({ at }) => (at - Number(next)) % Number(step) === 0)
while (mine.length > 0) {
  const group = mine.slice(0, GROUP)
  const asked = group.map(({ request }) => request)
  const settled = await commitGroup(journal, asked, { rules: { strictWallets: false }, now: BEGAN })
  const failed = settled.find((one) => 'error' in one)
  if (failed !== undefined && 'error' in failed) {
    // The server is gone: whether the group was stored is unknown, so it is submitted again.
    if (!isServiceError(failed.error, 'STORE_UNAVAILABLE')) throw failed.error
    await wait(20)
    continue
  }
  for (const [index, one] of settled.entries()) {
    if (!('outcome' in one)) continue
    const { outcome } = one
    process.stdout.write(`${group[index]?.at} ${outcome.accepted ? outcome.receipt.block.number : outcome.reason}\n`)
  }
  mine = mine.slice(GROUP)
}
await journal.close()
await store.close()
