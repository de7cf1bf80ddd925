import { expect, onTestFinished, test } from 'vitest'
import { CoinFinder } from '../../src/chains/chia/coins/finder.ts'
import { LeadBook } from '../../src/chains/chia/coins/lead-book.ts'
import { type Child, Lineage, type Parents } from '../../src/chains/chia/coins/lineage.ts'
import { readHeadRef } from '../../src/chains/chia/heads/headers.ts'
import { makeChiaNode } from '../../src/chains/chia/make-node.ts'
import { addressOf } from '../../src/chains/chia/words/address.ts'
import { classifyChiaFault } from '../../src/chains/chia/words/faults.ts'
import { createRpc } from '../../src/chains/nodes/rpc.ts'
import type { RpcSession } from '../../src/chains/nodes/session.ts'
import { ChiaNode } from '../../src/demo/chia/node.ts'
import { serveChiaNode } from '../../src/demo/chia/serve.ts'
import { readBundle } from './bundles.ts'
import { bundleChain } from './node/bundle-chain.ts'

/** A bundle with one CAT that is hinted. */
const BUNDLE = readBundle('bundle-46b904e5.json')
const [OWNER = ''] = Object.keys(BUNDLE.expected.balances_from_this_alone)

/** Looks at all parents of hinted coins, but at one look: there it meets more dust than one question looks at. */
class DustAt extends Lineage {
  readonly #look: number
  #looks = 0

  constructor(look: number) {
    super()
    this.#look = look
  }

  override async look(session: RpcSession, children: readonly Child[], maxPuzzles?: number): Promise<Parents> {
    const seen = await super.look(session, children, maxPuzzles)
    if (maxPuzzles !== undefined) this.#looks++
    return maxPuzzles !== undefined && this.#looks === this.#look ? { ...seen, isWhole: false } : seen
  }
}

test.each([
  ['the first', 1, true],
  ['the newest', 2, true],
  ['no', 3, false],
])('with too much dust among %s hints a list may lack coins: %i %s', async (_, look, isCut) => {
  const node = new ChiaNode(bundleChain(BUNDLE), { network: 'mainnet' })
  const { url, stop } = await serveChiaNode((path, text) => node.answer(path, text))
  onTestFinished(stop)
  const rpc = createRpc({
    urls: [url],
    classify: classifyChiaFault,
    checkNode: async () => undefined,
    warn: () => undefined,
    counts: { calls: 0, retries: 0, nodesExcluded: 0 },
    makeNode: makeChiaNode,
  })
  const finder = new CoinFinder(new LeadBook(), new DustAt(look))
  const find = (session: RpcSession) => finder.findHeld(session, addressOf(OWNER), () => readHeadRef(session))
  const found = await rpc.run(find, { signal: new AbortController().signal })
  expect([found?.isCut, found?.coins.length]).toEqual([isCut, 1])
})
