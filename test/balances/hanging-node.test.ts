/**
 * The reads of the API as the server opens them: a node that accepts connections but never answers is replaced by
 * another.
 */
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenChain, openChain } from '../../src/app/open-chain.ts'
import { EVM_NATIVE } from '../../src/chains/evm/native-asset.ts'
import { kindOf } from '../../src/chains/registry.ts'
import { assert } from '../../src/core/assert.ts'
import { NO_ITEM } from '../../src/core/asset.ts'
import { parseChainId } from '../../src/core/chain.ts'
import { type Anvil, startAnvil } from '../nodes/anvil.ts'
import { type ScriptedNode, startScriptedNode } from '../nodes/scripted-node.ts'
import { newPlace } from '../store/engines.ts'

const RICH = '0x00000000000000000000000000000000000a11ce'

let anvil: Anvil
let hanging: ScriptedNode
let chain: OpenChain
const closing: (() => unknown)[] = []
beforeAll(async () => {
  anvil = await startAnvil()
  hanging = await startScriptedNode(() => 'hang')
  await anvil.rpc('anvil_setBalance', [RICH, '0x7'])
  const place = await newPlace()
  const id = parseChainId('eip155:31337')
  const kind = id && kindOf(id)
  assert(id !== undefined && kind !== undefined, 'the chain id has a known kind')
  const store = await place.open({ codecOf: () => kind.accountCodec })
  const config = { id, rpc: [hanging.url, anvil.url], from: 0, scope: { type: 'all' }, finality: 'finalized' } as const
  const stopping = new AbortController()
  chain = await openChain({
    chain: { servePartial: false, ...config, pollMs: undefined, followedMax: undefined, tls: undefined },
    kind,
    store,
    log: pino({ level: 'silent' }),
    signal: stopping.signal,
    now: () => 0,
    ledgers: { storeUrl: place.url, strictWallets: false, slowCommitMs: 0 },
  })
  closing.push(
    () => stopping.abort(),
    () => hanging.stop(),
    () => anvil.stop(),
    () => place.end(),
  )
})
afterAll(async () => {
  for (const close of closing) await close()
})

async function read(): Promise<unknown> {
  const keys = [{ account: RICH, asset: EVM_NATIVE, item: NO_ITEM }]
  return (await chain.balances.get(keys, { mode: 'force' }))[0]
}

test('the second node answers, and the one that hangs is not asked for a while', async () => {
  expect(await read()).toMatchObject({ known: true, amount: 7n })
  expect(hanging.arrived).toHaveLength(1)
  expect(await read()).toMatchObject({ known: true, amount: 7n })
  expect(hanging.arrived).toHaveLength(1)
})
