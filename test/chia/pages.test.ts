/** Lists in pages that go wrong: no coin is counted twice, and none is left out. */
import { expect, onTestFinished, test } from 'vitest'
import { createChiaAdapter } from '../../src/chains/chia/adapter.ts'
import { createChiaProver } from '../../src/chains/chia/prove/prover.ts'
import { addressOf } from '../../src/chains/chia/words/address.ts'
import { assert } from '../../src/core/assert.ts'
import { NO_ITEM } from '../../src/core/asset.ts'
import { parseChainId } from '../../src/core/chain.ts'
import { ChiaNode, type NodeAnswer } from '../../src/demo/chia/node.ts'
import { serveChiaNode } from '../../src/demo/chia/serve.ts'
import { readBundle } from './bundles.ts'
import { bundleChain } from './node/bundle-chain.ts'

const SIGNAL = new AbortController().signal
/** A bundle with one CAT that is hinted. */
const BUNDLE = readBundle('bundle-46b904e5.json')
const [OWNER = ''] = Object.keys(BUNDLE.expected.balances_from_this_alone)
const [TAIL = ''] = Object.keys(BUNDLE.expected.balances_from_this_alone[OWNER]?.assets ?? {})

const chain = parseChainId('chia:mainnet')
assert(chain !== undefined, 'a CAIP-2 id')

/** Changes a list's text. `isNext`: the request names a cursor. */
type Change = (body: string, isNext: boolean) => string
const cutShort = (more: string): string => `,"truncated":true${more}}`

const WRONG: readonly (readonly [string, Change])[] = [
  ['no cursor', (body) => body.replace(/\}$/, cutShort(''))],
  ['always the same cursor', (body) => body.replace(/\}$/, cutShort(',"next_cursor":"1"'))],
  ['the whole list again', (body, isNext) => (isNext ? body : body.replace(/\}$/, cutShort(',"next_cursor":"1"')))],
]

test.each(WRONG)('%s is an error, never a wrong balance', async (_, change) => {
  const node = new ChiaNode(bundleChain(BUNDLE), { network: 'mainnet' })
  const { url, stop } = await serveChiaNode((path, text): NodeAnswer => {
    const answer = node.answer(path, text)
    const isList = answer.body.startsWith('{"coin_records":[{')
    return isList ? { ...answer, body: change(answer.body, text.includes('"cursor"')) } : answer
  })
  onTestFinished(stop)
  const options = { chain, rpc: [url], finality: { confirmations: 32 }, warn: () => undefined }
  const limits = { pauses: { baseMs: 0, maxMs: 0 } }
  const { adapter } = createChiaAdapter(options, limits)
  const account = addressOf(OWNER)
  const key = { account, asset: { standard: 'cat' as const, reference: TAIL }, item: NO_ITEM }
  const garbage = { code: 'NODE_GARBAGE' }
  await expect(adapter.accounts?.readCoins(account, 'tokens', SIGNAL)).rejects.toMatchObject(garbage)
  await expect(adapter.readBalances({ keys: [key], at: 'latest' }, SIGNAL)).rejects.toMatchObject(garbage)
  const prover = createChiaProver(options, limits)
  const block = await prover.blockAt(3, SIGNAL)
  assert(block !== undefined, 'the chain has the block')
  await expect(prover.prove([{ what: 'balance', key, block }], SIGNAL)).rejects.toMatchObject(garbage)
})
