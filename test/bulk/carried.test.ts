/** What happens to published blocks while a bulk load runs, and what the next generation makes of it: case by case. */
import { describe, test } from 'vitest'
import { ZERO_ADDRESS } from '../../src/chains/evm/words/hex.ts'
import type { Hint } from '../../src/core/transfer.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'
import { ONLY_HINTED } from '../store/hints.ts'
import { compareWays } from './three-ways.ts'
import { type Content, ONLY_READ, type Told, type ToldEvent } from './told-story.ts'

const [ALICE = '', BOB = ''] = ACCOUNTS
const [COIN, OTHER] = ASSETS

const minted: Movement = { asset: COIN, from: undefined, to: ALICE, amount: 5n, item: 0 }
const hint = (account: string, reason: Hint['reason'] = 'moved', asset: Hint['asset'] = COIN): Hint => ({
  ...{ asset, account, reason },
})
const block = (movements: readonly Movement[] = [], ...hints: Hint[]): Content => ({
  movements: [...movements],
  hints,
})

const RESOLVED: ToldEvent = { do: 'resolve', share: 99 }
const repaired = (content: Content, mode?: 'adding' | 'redecoded'): ToldEvent => {
  return { do: 'repair', share: 0, mode, content }
}

/** A story of parts of one or more blocks, each with what happens after it. */
function told(...parts: (readonly [Content[], ...ToldEvent[]])[]): Told {
  return {
    coverage: { scope: { type: 'all' }, from: 0 },
    isFixed: true,
    parts: parts.map(([blocks, ...events]) => ({ blocks, events, isLate: false, ends: false })),
    ...{ cut: 0, lost: [], live: [block()], hasTail: true, back: 0, after: [] },
  }
}

const CASES: Readonly<Record<string, Told>> = {
  'a pair that is hinted at again is in doubt again': told(
    [[block([minted], hint(ALICE))], RESOLVED],
    [[block([], hint(ALICE))]],
  ),
  'a pair stays in doubt that was hinted at again': told(
    [[block([minted], hint(ALICE))]],
    [[block([], hint(ALICE))], { do: 'resolve', share: 0 }],
    [[block()]],
  ),
  'a doubt that was settled stays so': told([[block([minted], hint(ALICE))], RESOLVED], [[block([minted])]]),
  'pairs that early events hint at are in doubt once new blocks show the token': told(
    [[block([], hint(ALICE, 'moved', ONLY_HINTED))]],
    [[block([{ ...minted, asset: ONLY_HINTED, to: BOB }])]],
  ),
  'a hint that a repair added stays': told([[block([minted])], repaired(block([minted], hint(BOB)))], [[block()]]),
  'a hint that a repair added is of its own block, and new ones are too': told(
    [[block([minted]), block([], hint(BOB))], repaired(block([minted], hint(BOB)))],
    [[block([], hint(BOB, 'undecodable'))]],
  ),
  'a hint that a repair deleted stays deleted': told(
    [[block([], hint(ALICE, 'undecodable')), block([minted])], repaired(block(), 'redecoded')],
    [[block([minted])]],
  ),
  'a hint that a repair deleted comes again with new blocks': told(
    [[block([], hint(ALICE, 'undecodable')), block([minted])], repaired(block(), 'redecoded')],
    [[block([], hint(ALICE))]],
  ),
  'a token that only a deleted hint showed is shown by new blocks': told(
    [[block([], hint(ALICE, 'undecodable'), hint(BOB))], repaired(block(), 'redecoded')],
    [[block([minted])]],
  ),
  'hints of a contract count no more once no hint shows it to be a token': told(
    [
      [block([], hint(ALICE, 'undecodable', ONLY_HINTED))],
      repaired(block([], hint(BOB, 'moved', ONLY_HINTED)), 'redecoded'),
    ],
    [[block()]],
  ),
  'a token is shown anew by the zero address': told(
    [[block([minted])], repaired(block([{ ...minted, asset: OTHER }]))],
    [[block([], hint(ZERO_ADDRESS, 'undecodable'))]],
  ),
  'pairs of a token that is shown anew by the zero address are met again': told(
    [[block([minted], hint(BOB))], repaired(block([{ ...minted, asset: OTHER }], hint(BOB)))],
    [[block([], hint(ZERO_ADDRESS, 'undecodable'))]],
  ),
  'the doubt after a repair does not come back once it was settled': told(
    [
      [block([minted])],
      ...[repaired(block([{ ...minted, asset: OTHER }])), { do: 'refetched', share: 99 } as const],
      { do: 'looked', at: 'all' },
    ],
    [[block()]],
  ),
  'a class stays, and no doubt about a token that new blocks reclassify': told(
    [[block([minted])], { do: 'refute', asset: COIN, account: ALICE }, { do: 'refute', asset: COIN, account: BOB }],
    [[block([], hint(ALICE, 'undecodable'))], { do: 'reclassify', asset: ONLY_READ }],
    [[block([minted])]],
  ),
  'a destroyed token is not reclassified, nor one that the audit reclassified before': told(
    [
      [block([minted, { ...minted, asset: OTHER }])],
      ...[{ do: 'destroyed', asset: COIN, share: 0 } as const, { do: 'reclassify', asset: OTHER } as const],
    ],
    [[block([], hint(ALICE, 'undecodable'), hint(ALICE, 'undecodable', OTHER))]],
  ),
  'an asset that only reads, the audit or a repair named stays': told(
    [
      [block([minted])],
      ...[{ do: 'reclassify', asset: ONLY_READ } as const, { do: 'refute', asset: OTHER, account: ALICE } as const],
    ],
    [[block([minted])], RESOLVED],
    [[block([minted])]],
  ),
}

describe('what a published generation has, the next one has too', () => {
  for (const [name, story] of Object.entries(CASES)) test(name, () => compareWays(story))
})
