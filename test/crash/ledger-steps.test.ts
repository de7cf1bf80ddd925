import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { commitGroup } from '../../src/ledger/group-commit.ts'
import { genesisOf } from '../../src/ledger/record.ts'
import { LEDGER_STEPS } from '../../src/store/queries/ledger/ledger-steps.ts'
import { CHAIN, verifyStore } from '../ledger/ledger.ts'
import { ENGINES } from '../store/engines.ts'

const CHILD = fileURLToPath(new URL('./ledger-child.ts', import.meta.url))

/** One run of the writer: its output, and whether it was killed. */
function live(url: string, names: string, ...step: string[]): Promise<{ said: string; killed: boolean }> {
  const args = ['--import', 'tsx', CHILD, url, names, ...step]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (_, signal) => resolve({ said, killed: signal === 'SIGKILL' }))
  })
}

test.each(ENGINES)(
  'in $name, killed at any step of a commit, a group is stored whole or not at all, and a retry stores it exactly once',
  async ({ makePlace }) => {
    const place = await makePlace()
    onTestFinished(() => place.end())
    const store = await place.open()
    const journal = await store.ledgers.openJournal(CHAIN, genesisOf(CHAIN, 1))
    const gilt = {
      kind: 'register_asset',
      assetId: 'GILT',
      name: undefined,
      symbol: undefined,
      reissue: false,
    } as const
    const mint = { kind: 'mint', assetId: 'GILT', amount: 100n, to: 'bank' } as const
    const requests = [gilt, mint].map((operation) => ({ operation, idempotency: undefined }))
    await commitGroup(journal, requests, { rules: { strictWallets: false }, now: 1 })
    await journal.close()
    const { ledger } = await store.ledgers.openReads(CHAIN)
    const stored = async (): Promise<number> => {
      ledger.renew()
      return (await ledger.operations({ after: 2, limit: 100 })).length
    }
    for (const step of LEDGER_STEPS) {
      expect(await live(place.url, step, step)).toEqual({ said: '', killed: true })
      expect([step, await stored()]).toEqual([step, step === 'ledger:done' ? 5 : 0])
    }
    const all = 5 * LEDGER_STEPS.length
    expect(await live(place.url, LEDGER_STEPS.join())).toEqual({ said: `done ${all}\n`, killed: false })
    expect(await stored()).toBe(all)
    expect((await verifyStore(store)).faults).toEqual([])
  },
  180_000,
)
