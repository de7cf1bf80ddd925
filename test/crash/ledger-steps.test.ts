import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { TEXT_ACCOUNTS } from '../../src/core/account.ts'
import { LEDGER_STEPS } from '../../src/store/queries/ledger/ledger-steps.ts'
import { ledgerIn, verifyStore } from '../ledger/ledger.ts'
import { ENGINES } from '../store/engines.ts'

const CHILD = fileURLToPath(new URL('./ledger-child.ts', import.meta.url))

/** One run of the writer: its output, and whether it was killed. */
function live(url: string, name: string, ...step: string[]): Promise<{ said: string; killed: boolean }> {
  const args = ['--import', 'tsx', CHILD, url, name, ...step]
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
  '$name: killed at any step of a commit, a group is stored whole or not at all, and a retry stores it exactly once',
  async ({ makePlace }) => {
    const place = await makePlace()
    onTestFinished(() => place.end())
    const store = await place.open({ codecOf: () => TEXT_ACCOUNTS })
    const ledger = await ledgerIn(store)
    const gilt = {
      kind: 'register_asset',
      assetId: 'GILT',
      name: undefined,
      symbol: undefined,
      reissue: false,
    } as const
    const mint = { kind: 'mint', assetId: 'GILT', amount: 100n, to: 'bank' } as const
    await ledger.submit([gilt, mint].map((operation) => ({ operation, idempotency: undefined })))
    for (const [at, step] of LEDGER_STEPS.entries()) {
      expect(await live(place.url, step, step)).toEqual({ said: '', killed: true })
      ledger.ledger.renew()
      const after = await ledger.ledger.operations({ after: 2 + at * 5, limit: 100 })
      expect([step, after.length]).toEqual([step, step === 'ledger:done' ? 5 : 0])
      expect(await live(place.url, step)).toEqual({ said: 'done 5\n', killed: false })
      ledger.ledger.renew()
      expect(await ledger.ledger.operations({ after: 2 + at * 5, limit: 100 })).toHaveLength(5)
    }
    await ledger.journal.close()
    expect((await verifyStore(store)).faults).toEqual([])
  },
  180_000,
)
