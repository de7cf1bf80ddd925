import type { Operation } from '../../src/core/operation.ts'
import { randomFrom } from '../../src/demo/plan.ts'
import type { LedgerRequest } from '../../src/ledger/ledger.ts'

const ASSETS = ['GILT', 'BOND', 'NOTE']
const WALLETS = Array.from({ length: 30 }, (_, at) => `wallet-${at}`)

/** The requests of a run, the same for the same number: first the assets, then mints, transfers and burns. */
export function makeRequests(count: number): readonly LedgerRequest[] {
  const random = randomFrom(48)
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? ''
  const assets = ASSETS.map((assetId): Operation => {
    return { kind: 'register_asset', assetId, name: undefined, symbol: undefined, reissue: true }
  })
  const moves = Array.from({ length: count - assets.length }, (): Operation => {
    const [assetId, from, to, amount] = [
      pick(ASSETS),
      pick(WALLETS),
      pick(WALLETS),
      BigInt(1 + Math.floor(random() * 50)),
    ]
    const kind = random()
    if (kind < 0.25) return { kind: 'mint', assetId, amount, to }
    return kind < 0.85 ? { kind: 'transfer', assetId, amount, from, to } : { kind: 'burn', assetId, amount, from }
  })
  return [...assets, ...moves].map((operation, at) => {
    return { operation, idempotency: { scope: 'test', key: `${at}`, fingerprint: 'same' } }
  })
}
