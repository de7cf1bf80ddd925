import { table } from './table.ts'

/** The key of the one row of a table that has one row. */
export const ONE = { one: 1 } as const

/** The last written block, the finalized head, the number of transfers, and how often past answers changed (`classes`). */
export const clock = table(
  'clock',
  {
    one: 'integer',
    number: 'integer?',
    hash: 'hash?',
    parent: 'hash?',
    timestamp: 'integer?',
    finalizedNumber: 'integer?',
    finalizedHash: 'hash?',
    transfers: 'integer',
    classes: 'integer',
  },
  ['one'],
)

/** The chain and coverage of the journal, its writer's fencing number, and how often the followed accounts changed. */
export const chain = table(
  'chain',
  { one: 'integer', chain: 'text', coverage: 'text?', fence: 'integer', followings: 'integer' },
  ['one'],
)

/**
 * Assets by an id that is given once. `firstBlock`: the first block whose events show that the asset exists. `holders`:
 * balances above zero. `supply`: the sum of all openings and of what was minted less what was burnt; undefined if it was
 * written before supplies were counted.
 */
export const assets = table(
  'assets',
  {
    id: 'integer',
    standard: 'text',
    reference: 'text',
    firstBlock: 'integer?',
    transfers: 'integer',
    holders: 'integer',
    supply: 'amount?',
  },
  ['id'],
)

/** Blocks with transfers (`kept`), and all blocks from some way below the finalized head on. */
export const blocks = table(
  'blocks',
  { number: 'integer', hash: 'hash', parent: 'hash?', timestamp: 'integer', kept: 'flag' },
  ['number'],
)

/** Transfers. No sender: a mint. No receiver: a burn. */
export const transfers = table(
  'transfers',
  {
    block: 'integer',
    log: 'integer',
    sub: 'integer',
    asset: 'integer',
    sender: 'bytes?',
    receiver: 'bytes?',
    item: 'item',
    amount: 'amount',
    hash: 'hash',
  },
  ['block', 'log', 'sub'],
)

/** The sides of transfers, each with the running sum of its balance after it. */
export const changes = table(
  'changes',
  {
    account: 'bytes',
    asset: 'integer',
    item: 'item',
    block: 'integer',
    log: 'integer',
    sub: 'integer',
    delta: 'amount',
    sum: 'amount',
  },
  ['account', 'asset', 'item', 'block', 'log', 'sub'],
)

/** Balances: see `Position`. `amount`: opening + sum, if it is known. */
export const balances = table(
  'balances',
  {
    account: 'bytes',
    asset: 'integer',
    item: 'item',
    sum: 'amount',
    opening: 'amount?',
    amount: 'amount?',
    metBlock: 'integer',
    metLog: 'integer',
    metSub: 'integer',
    receivedBlock: 'integer?',
    lastBlock: 'integer',
    closedBlock: 'integer?',
    fungible: 'flag',
  },
  ['account', 'asset', 'item'],
)

/** How many assets an account met, and how many fungible ones it received. */
export const accounts = table('accounts', { account: 'bytes', assets: 'integer', received: 'integer' }, ['account'])

/** Reads that give a balance its opening: see `Opening`. */
export const openings = table(
  'openings',
  {
    account: 'bytes',
    asset: 'integer',
    item: 'item',
    block: 'integer',
    hash: 'hash',
    amount: 'amount',
    since: 'integer',
  },
  ['account', 'asset', 'item', 'block'],
)

/** Exactly the balances whose newest segment is closed. */
export const outOfRange = table('doubts', { asset: 'integer', account: 'bytes', item: 'item' }, [
  'asset',
  'account',
  'item',
])

/**
 * Accounts that events hint at, by the first block that does. `undecodable`: the first block with a hint that is a
 * transfer which can't be decoded.
 */
export const hints = table(
  'hints',
  {
    reference: 'text',
    standard: 'text',
    account: 'bytes',
    item: 'item',
    block: 'integer',
    undecodable: 'integer?',
  },
  ['reference', 'standard', 'account', 'item'],
)

/** Accounts of a chain with the scope `accounts`: see `FollowedAccount`. `through` undefined: followed, or leaving. */
export const followed = table(
  'followed',
  {
    account: 'bytes',
    through: 'integer?',
    leads: 'integer',
    leaving: 'flag',
    knownThrough: 'integer?',
    cut: 'flag',
  },
  ['account'],
)
