import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { newPlace } from '../store/engines.ts'
import { type Call, LedgerModel, type Said } from './abc-labs-model.ts'
import { type LedgerServer, serveLedger } from './abc-labs-server.ts'

const place = await newPlace()
afterAll(() => place.end())

const asset = fc.constantFrom('A', 'B', 'C')
const wallet = fc.constantFrom('u', 'v', 'w')
const amount = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constant(Number.MAX_SAFE_INTEGER))

const calls: fc.Arbitrary<Call> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ call: fc.constant('asset' as const), asset, reissue: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ call: fc.constant('wallet' as const), wallet }) },
  { weight: 4, arbitrary: fc.record({ call: fc.constant('mint' as const), asset, amount, to: wallet }) },
  {
    weight: 5,
    arbitrary: fc.record({ call: fc.constant('transfer' as const), asset, amount, from: wallet, to: wallet }),
  },
  { weight: 3, arbitrary: fc.record({ call: fc.constant('burn' as const), asset, amount, from: wallet }) },
  { weight: 3, arbitrary: fc.record({ call: fc.constant('balance' as const), asset, wallet }) },
)

/** Sends the call. `id` makes ids unique per run, since the runs share one ledger. */
async function send(server: LedgerServer, call: Call, id: (name: string) => string): Promise<Said> {
  switch (call.call) {
    case 'asset':
      return said(server.post('/api/assets', { asset_id: id(call.asset), reissue: call.reissue }))
    case 'wallet':
      return said(server.post('/api/wallets', { wallet_address: id(call.wallet) }))
    case 'mint': {
      const to = { recipient_wallet_address: id(call.to) }
      return said(server.post('/api/tokens/mint', { asset_id: id(call.asset), amount: call.amount, ...to }))
    }
    case 'transfer': {
      const wallets = { from_wallet: id(call.from), to_wallet: id(call.to) }
      return said(server.post('/api/tokens/transfer', { asset_id: id(call.asset), amount: call.amount, ...wallets }))
    }
    case 'burn': {
      const from = { holder_wallet_address: id(call.from) }
      return said(server.post('/api/tokens/burn', { asset_id: id(call.asset), amount: call.amount, ...from }))
    }
    case 'balance':
      return said(server.get(`/api/tokens/balance?asset_id=${id(call.asset)}&wallet_address=${id(call.wallet)}`))
  }
}

/** Returns the status and the distinguishing part of an answer, read from its text so that no float is involved. */
async function said(answer: ReturnType<LedgerServer['get']>): Promise<Said> {
  const { status, text } = await answer
  const says = /"error_code":"(\w+)"|"balance":(\d+)|"t(?:oken|ransaction)_id":"([\w-]+)"/.exec(text)
  return [status, says?.[1] ?? says?.[2] ?? says?.[3] ?? '']
}

/** Serial numbers count over all runs, so they are left out of the comparison. */
function withoutSerial([status, says]: Said): Said {
  return [status, says.replace(/^(TOKEN|TX)-\d+$/, '$1')]
}

test.each([false, true])(
  'any sequence of calls gets the answers of the rules (strict wallets: %s)',
  async (strict) => {
    const server = await serveLedger(place, { strict_wallets: strict })
    const seen = new Set<string>()
    let run = 0
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(calls, { minLength: 1, maxLength: 100, size: 'max' }), async (sequence) => {
          run += 1
          const model = new LedgerModel(strict)
          const id = (name: string) => `${String(strict)}-${run}-${name}`
          for (const call of sequence) {
            const expected = withoutSerial(model.apply(call))
            seen.add(`${call.call} ${expected[0]} ${expected[0] === 200 ? '' : expected[1]}`)
            expect(withoutSerial(await send(server, call, id)), JSON.stringify(call)).toEqual(expected)
          }
        }),
        { numRuns: 12, seed: 20300131 },
      )
    } finally {
      await server.stop()
    }
    // The property proves a rule only if a sequence reached it.
    const rules = [
      ...['asset 201 ', 'asset 200 ', 'asset 409 ASSET_CONFLICT', 'wallet 201 ', 'wallet 200 ', 'mint 200 '],
      ...['mint 404 ASSET_NOT_FOUND', 'mint 409 DUPLICATE_MINT', 'transfer 200 ', 'transfer 404 ASSET_NOT_FOUND'],
      ...['transfer 404 WALLET_NOT_FOUND', 'transfer 400 INSUFFICIENT_FUNDS', 'burn 200 ', 'balance 200 '],
      ...['burn 404 ASSET_OR_WALLET_NOT_FOUND', 'burn 400 INVALID_BURN_AMOUNT', 'balance 404 WALLET_NOT_FOUND'],
      ...(strict ? ['mint 404 WALLET_NOT_FOUND'] : []),
    ]
    expect([...seen].filter((one) => rules.includes(one)).sort()).toEqual([...rules].sort())
  },
  120_000,
)
