/**
 * A ledger's writer in a process of its own, to be killed: `ledger-child.ts URL FIRST [STEP]` submits a group of
 * transfers named FIRST and prints `done`. With STEP it kills itself by SIGKILL at that step of the commit.
 */
import { TEXT_ACCOUNTS } from '../../src/core/account.ts'
import { commitGroup } from '../../src/ledger/group-commit.ts'
import { genesisOf } from '../../src/ledger/record.ts'
import { openStore } from '../../src/store/open.ts'
import { CHAIN } from '../ledger/ledger.ts'

const [url = '', name = '', fatal] = process.argv.slice(2)
let armed = false
const store = await openStore({
  url,
  codecOf: () => TEXT_ACCOUNTS,
  onLedgerStep: (step) => {
    if (armed && step === fatal) process.kill(process.pid, 'SIGKILL')
  },
})
const journal = await store.ledgers.openJournal(CHAIN, genesisOf(CHAIN, 1))
armed = true
const transfers = Array.from({ length: 5 }, (_, at) => {
  const operation = { kind: 'transfer', assetId: 'GILT', amount: 1n, from: 'bank', to: `${name}-${at}` } as const
  return { operation, idempotency: { scope: 'test', key: `${name}-${at}`, fingerprint: 'same' } }
})
const settled = await commitGroup(journal, transfers, { rules: { strictWallets: false }, now: 1 })
const accepted = settled.filter((one) => 'outcome' in one && one.outcome.accepted)
process.stdout.write(`done ${accepted.length}\n`)
await journal.close()
await store.close()
