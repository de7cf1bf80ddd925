/** Stories of a chain: what its blocks have, and all that can happen to what is stored between two parts of them. */
import fc from 'fast-check'
import { ZERO_ADDRESS } from '../../src/chains/evm/words/hex.ts'
import { type AccountCodec, HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { Accounting, AssetRef } from '../../src/core/asset.ts'
import type { BalanceKey } from '../../src/core/balance.ts'
import type { Header } from '../../src/core/block.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import type { BlockTransfers, Hint } from '../../src/core/transfer.ts'
import { WALKS } from '../../src/store/seam/audits.ts'
import type { Journal } from '../../src/store/seam/store.ts'
import { ACCOUNTS, ASSETS, blockMovements, hashOf, type Movement, makeBlock } from '../store/chains.ts'
import { hintsOf, ONLY_HINTED } from '../store/hints.ts'

/** Accounts with a zero address. */
export const CODEC: AccountCodec = { ...HEX_ACCOUNTS, zeroAddress: ZERO_ADDRESS }

/** A contract that only reads and the audit name. */
export const ONLY_READ: AssetRef = { standard: 'erc20', reference: `0x${'f'.repeat(40)}` }

const asset = fc.constantFrom<AssetRef>(...ASSETS, ONLY_HINTED, ONLY_READ)
const account = fc.constantFrom(...ACCOUNTS)
const share = fc.nat(99)

const hint = hintsOf([...ACCOUNTS, ...ACCOUNTS, ZERO_ADDRESS], 6)
/** What a block has. */
export type Content = { readonly movements: readonly Movement[]; readonly hints: readonly Hint[] }
const content: fc.Arbitrary<Content> = fc.record({ movements: blockMovements, hints: fc.array(hint, { maxLength: 3 }) })

/** What can happen to blocks that are stored. `share`: which block, in hundredths of them. */
const event = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('adopt' as const),
      ...{ asset, account, share },
      item: fc.nat(3),
      amount: fc.bigInt({ min: 0n, max: 2_000n }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('repair' as const),
      share,
      mode: fc.constantFrom(undefined, 'adding' as const, 'lacking' as const, 'redecoded' as const),
      content: fc.option(content, { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reclassify' as const), asset }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('refute' as const),
      asset,
      account: fc.option(account, { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('resolve' as const), share: fc.constantFrom(0, 50, 99, 99, 99) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('looked' as const), at: fc.constantFrom('all', 'some') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refetched' as const), share }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unlooked' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('destroyed' as const), asset, share }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deployed' as const), asset }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('found' as const), asset, account }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unreadable' as const), asset, ends: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('walked' as const), walk: fc.constantFrom(...WALKS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('beat' as const) }) },
)
/** Something that happens. */
export type ToldEvent = typeof event extends fc.Arbitrary<infer T> ? T : never

const part = fc.record({
  blocks: fc.array(content, { minLength: 1, maxLength: 5 }),
  events: fc.array(event, { maxLength: 5 }),
  /** The events of this part happen while the next one is built. */
  isLate: fc.boolean(),
  /** The process ends after the events. */
  ends: fc.integer({ min: 0, max: 5 }).map((rare) => rare === 0),
})

/** A story. */
export const story = fc.record({
  coverage: fc.constantFrom<Coverage>(
    { scope: { type: 'all' }, from: 0 },
    { scope: { type: 'all' }, from: 10 },
    { scope: { type: 'tokens', tokens: [ASSETS[0].reference, ASSETS[2].reference, ONLY_HINTED.reference] }, from: 0 },
  ),
  isFixed: fc.boolean(),
  parts: fc.array(part, { minLength: 2, maxLength: 4 }),
  /** Parts before the way changes. */
  cut: fc.nat(2),
  /** Blocks of a lost branch, which are rolled back there. */
  lost: fc.array(content, { maxLength: 2 }),
  /** Blocks that are not final, how many of them are rolled back, and what follows. */
  live: fc.array(content, { minLength: 1, maxLength: 3 }),
  /** The live blocks are published with the last final ones; what happens after the last part is left out then. */
  hasTail: fc.boolean(),
  back: fc.nat(3),
  after: fc.array(content, { maxLength: 2 }),
})
/** What is told. */
export type Told = typeof story extends fc.Arbitrary<infer T> ? T : never

/** The classes that a story's configuration fixes. */
export function fixedOf({ isFixed }: Told): ReadonlyMap<string, Accounting> {
  return new Map(isFixed ? [[`${ASSETS[1].standard}:${ASSETS[1].reference}`, 'events']] : [])
}

/** A block with its header. */
export type Block = BlockTransfers & Header

/** Blocks with these contents, as far as they are covered, from a number on. */
export function blocksOf(
  { coverage }: Told,
  contents: readonly Content[],
  { first, branch = 0 }: { readonly first: number; readonly branch?: number },
): Block[] {
  return contents.map((content, index) => {
    const number = first + index
    const parentHash = hashOf(index === 0 ? 0 : branch, number - 1)
    const header = { number, hash: hashOf(branch, number), parentHash, timestamp: number * 12 }
    return { ...header, ...filled(coverage, content, header), parentHash }
  })
}

function filled({ scope }: Coverage, { movements, hints }: Content, header: Header): BlockTransfers {
  const isCovered = ({ asset }: { asset: AssetRef }): boolean =>
    scope.type !== 'tokens' || scope.tokens.includes(asset.reference)
  const own = hints.filter(isCovered)
  return { ...makeBlock(movements.filter(isCovered), header), ...(own.length === 0 ? {} : { hints: own }) }
}

/** Where something happens. `blocks`: all that are stored. */
export type Stage = { readonly journal: Journal; readonly coverage: Coverage; readonly blocks: readonly Block[] }

/** Does what happens. */
export async function play(event: ToldEvent, { journal, coverage, blocks }: Stage): Promise<void> {
  const at = (hundredths: number): Block => blocks[Math.floor((hundredths * blocks.length) / 100)] as Block
  const newest = at(99)
  const unknown = { item: '', journal: undefined, chain: undefined }
  switch (event.do) {
    case 'adopt': {
      const item = event.asset.standard === 'erc20' || event.item === 3 ? '' : String(event.item)
      const { asset, account, amount } = event
      await journal.adopt([{ asset, account, amount, item, block: at(event.share), observedAt: 1 }])
      return
    }
    case 'repair': {
      const { hints: _, ...block } = at(event.share)
      const again = event.content === undefined ? block : { ...block, ...filled(coverage, event.content, block) }
      await journal.repair([again], event.mode)
      return
    }
    case 'reclassify': {
      const evidence = { account: undefined, item: '', journal: 1n, chain: 2n }
      await journal.reclassify({ asset: event.asset, block: newest, reason: 'supply', evidence })
      return
    }
    case 'refute':
      await journal.doubts.refute([{ asset: event.asset, account: event.account, item: '' }])
      return
    case 'resolve': {
      const { keys, supplies } = await journal.doubts.next('', 1_000)
      await journal.doubts.resolve({ block: at(event.share), keys: sorted(keys), supplies })
      return
    }
    case 'looked':
      await journal.doubts.looked(event.at)
      return
    case 'refetched':
      await journal.doubts.refetched(at(event.share).number)
      return
    case 'unlooked':
      await journal.doubts.refute('all')
      return
    case 'destroyed':
      await journal.lives.recordEnd({ reference: event.asset.reference, block: at(event.share), seen: newest })
      return
    case 'deployed':
      await journal.lives.recordNewCode({ reference: event.asset.reference, seen: newest })
      return
    case 'found': {
      const { asset, account } = event
      await journal.audits.note({ what: 'different', asset, account, block: newest.number, ...unknown, says: 'so' })
      return
    }
    case 'unreadable': {
      const [unreadable, answering] = event.ends ? [[], [event.asset]] : [[event.asset], []]
      await journal.audits.noteReadability({ block: newest, unreadable, answering })
      return
    }
    case 'walked':
      await journal.audits.reached(event.walk, event.walk === 'rereads' ? '0:0/0/0' : `${newest.number}`)
      return
    case 'beat':
      await journal.heartbeat({
        ...{ state: 'backfill', head: newest, caughtUpAt: newest.timestamp, error: 'none' },
        ...{ auditError: undefined, counts: { blocks: blocks.length } },
      })
  }
}

function sorted(keys: readonly BalanceKey[]): BalanceKey[] {
  return [...keys].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}
