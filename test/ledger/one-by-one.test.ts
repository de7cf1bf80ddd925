/** Operations of one client, each sent after the answer to the one before. */
import { expect, test } from 'vitest'
import { createLog } from '../../src/app/log.ts'
import { startLedger } from '../../src/app/start-ledger.ts'
import { TEXT_ACCOUNTS } from '../../src/core/account.ts'
import { ENGINES } from '../store/engines.ts'
import { CHAIN } from './ledger.ts'

/** A fifth of them or more come during a look at an idle ledger in PostgreSQL. */
const OPERATIONS = 40
/** An operation that waited for the next look would wait longer than this test may take. */
const LOOK_MS = 3_600_000

test.each(ENGINES)(
  '$name: an operation does not wait for the next look at an idle ledger',
  async ({ makePlace }) => {
    const place = await makePlace()
    const store = await place.open({ codecOf: () => TEXT_ACCOUNTS })
    const { ledger: reads } = await store.ledgers.openReads(CHAIN)
    const data = { store: place.url, chain: CHAIN, rules: { strictWallets: false }, slowCommitMs: 0, lookMs: LOOK_MS }
    const log = createLog({ level: 'info', sink: { terminal: false, write: () => undefined } })
    const { ledger, stop } = await startLedger({ data, reads, log })
    for (let nth = 0; nth < OPERATIONS; nth++) {
      const operation = { kind: 'register_wallet', wallet: `wallet-${nth}` } as const
      expect(await ledger.submit({ operation, idempotency: undefined })).toMatchObject({ receipt: { created: true } })
    }
    await stop()
    await store.close()
    await place.end()
  },
  60_000,
)
