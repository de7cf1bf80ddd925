import { table } from './table.ts'

/**
 * Tokens that were reclassified to `reads`, with what showed it. `codeAt`: the token's first transfer was rolled back, and
 * whether the contract has code at this block decides if it stays. `turnedAt`: Unix seconds.
 */
export const reclassified = table(
  'turns',
  {
    asset: 'integer',
    block: 'integer',
    hash: 'hash',
    reason: 'text',
    account: 'bytes?',
    item: 'item?',
    journal: 'amount?',
    chain: 'amount?',
    turnedAt: 'integer',
    codeAt: 'integer?',
  },
  ['asset'],
)

/** Unreadable tokens: since which block, and until which. */
export const unreadable = table('silences', { asset: 'integer', since: 'integer', until: 'integer?' }, ['asset'])

/**
 * Contracts that were destroyed: their events end at the end of `block`. `again`: the block at which they had code
 * again. `unsure`: the end was on a lost branch.
 */
export const endings = table('endings', { asset: 'integer', block: 'integer', again: 'integer?', unsure: 'flag' }, [
  'asset',
])

/** Balances that the chain refuted. `block`: the last written block at that time. */
export const refutedPairs = table(
  'refuted_pairs',
  { asset: 'integer', account: 'bytes', item: 'item', block: 'integer' },
  ['asset', 'account', 'item'],
)

/** Tokens in doubt as a whole, each with its reasons. `supplyBlock`: as `refutedPairs.block`, of the supply. */
export const refutedAssets = table(
  'refuted_assets',
  { asset: 'integer', pairs: 'flag', supply: 'flag', lacking: 'flag', supplyBlock: 'integer' },
  ['asset'],
)

/**
 * How much is in doubt: numbers of refuted pairs and tokens, the whole chain, and how far the work got that follows proven
 * missing logs. Without a row nothing is.
 */
export const inDoubt = table(
  'in_doubt',
  {
    one: 'integer',
    pairs: 'integer',
    tokens: 'integer',
    chain: 'flag',
    nextBlock: 'integer?',
    stage: 'integer',
    unlooked: 'flag',
  },
  ['one'],
)

/** The newest blocks of which a node was proven to leave out logs. */
export const logProofs = table('log_proofs', { id: 'integer', block: 'integer', hash: 'hash' }, ['id'])

/** Cursors of the walks over balances. */
export const cursors = table('places', { name: 'text', place: 'text' }, ['name'])

/** The newest findings of the audit. `foundAt`: Unix seconds. */
export const findings = table(
  'findings',
  {
    id: 'integer',
    foundAt: 'integer',
    what: 'text',
    block: 'integer',
    asset: 'integer',
    account: 'bytes?',
    item: 'item?',
    journal: 'amount?',
    chain: 'amount?',
    says: 'text',
  },
  ['id'],
)

/** What the newest writes did: see `FeedEntry`. */
export const feed = table('feed', { seq: 'integer', kind: 'text', first: 'integer', last: 'integer' }, ['seq'])

/** Blocks that were repaired during a bulk load. */
export const repaired = table('repaired', { block: 'integer' }, ['block'])
