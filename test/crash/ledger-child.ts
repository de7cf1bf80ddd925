/**
 * A ledger's writer in a process of its own, to be killed: `ledger-child.ts URL NAMES [STEP]` submits a group of transfers for
 * each of NAMES, which have commas between, and prints how many were accepted. With STEP it kills itself by SIGKILL at that step of a commit.
 */
import { commitGroup } from '../../src/ledger/group-commit.ts'
import { genesisOf } from '../../src/ledger/record.ts'
import { openStore } from '../../src/store/open.ts'
import { CHAIN } from '../ledger/ledger.ts'

const [url = '', names = '', fatal] = process.argv.slice(2)
let armed = false
const onLedgerStep = (step: string): void => {
  if (armed && step === fatal) process.kill(process.pid, 'SIGKILL')
}
const store = await openStore({ url, steps: { onLedgerStep } })
const journal = await store.ledgers.openJournal(CHAIN, genesisOf(CHAIN, 1))
armed = true
let accepted = 0
for (const name of names.split(',')) {
  const transfers = Array.from({ length: 5 }, (_, at) => {
    const operation = { kind: 'transfer', assetId: 'GILT', amount: 1n, from: 'bank', to: `${name}-${at}` } as const
    return { operation, idempotency: { scope: 'test', key: `${name}-${at}`, fingerprint: 'same' } }
  })
  const settled = await commitGroup(journal, transfers, { rules: { strictWallets: false }, now: 1 })
  accepted += settled.filter((one) => 'outcome' in one && one.outcome.accepted).length
}
process.stdout.write(`done ${accepted}\n`)
await journal.close()
await store.close()
