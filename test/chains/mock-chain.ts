import type {
  BalanceReads,
  ChainAdapter,
  Confirmation,
  Conflict,
  FetchScope,
  LogsProof,
  TokenReads,
} from '../../src/chains/adapter.ts'
import { NamedHeads } from '../../src/chains/nodes/named-heads.ts'
import { assert } from '../../src/core/assert.ts'
import type { BlockRef, Header, Heads } from '../../src/core/block.ts'
import { ServiceError } from '../../src/core/errors.ts'
import type { BlockTransfers, Hint } from '../../src/core/transfer.ts'
import { type Movement, makeBlock } from '../store/chains.ts'

/**
 * A readable mock chain: block `3a` has number 3 and lies on branch `a`. A block names its parent when it is added, so
 * `add('3b', '2')` forks from `2`. `show` sets the node's head.
 */
export class MockChain implements ChainAdapter {
  readonly #blocks = new Map<string, BlockTransfers & Header>()
  #latest: Header | undefined
  #finalized = 0
  readonly #named = new NamedHeads(() => this.time())
  /** Unix seconds. */
  time = (): number => 1_000_000
  /** Called before each answer. It throws to make the node fail. */
  fault: (call: string) => void = () => undefined

  /** Adds a block with movements and hints on a parent. The genesis block has no parent. */
  add(name: string, parent: string | undefined, content: readonly (Movement | Hint)[] = []): this {
    const hints = content.filter((one) => 'reason' in one)
    const movements = content.flatMap((one) => ('reason' in one ? [] : [one]))
    const number = Number.parseInt(name, 10)
    assert(parent === undefined || this.#blocks.has(hash(parent)), `${name} is added on a known block`)
    const header: Header = {
      number,
      hash: hash(name),
      parentHash: parent === undefined ? '0x' : hash(parent),
      timestamp: number * 12,
    }
    this.#blocks.set(header.hash, {
      ...makeBlock(movements, header),
      ...header,
      ...(hints.length === 0 ? {} : { hints }),
    })
    return this
  }

  /** Makes a block the node's head. */
  show(name: string, finalized = this.#finalized): this {
    const block = this.#blocks.get(hash(name))
    assert(block !== undefined, `${name} is added before it is shown`)
    this.#latest = block
    this.#finalized = finalized
    return this
  }

  /** The blocks of the branch that the node shows, genesis first. */
  canonical(): (BlockTransfers & Header)[] {
    return this.branch(this.#latest?.hash)
  }

  /** The blocks from the genesis to the block with this hash. */
  branch(last: string | undefined): (BlockTransfers & Header)[] {
    const chain: (BlockTransfers & Header)[] = []
    let next = last
    while (next !== undefined) {
      const block = this.#blocks.get(next)
      if (block === undefined) break
      chain.unshift(block)
      next = block.parentHash
    }
    return chain
  }

  noteHead(block: BlockRef, at: number): void {
    this.#named.note(block, at)
  }

  replacedAt(block: BlockRef): number | undefined {
    return this.#named.replacedAt(block)
  }

  async heads(): Promise<Heads> {
    this.fault('heads')
    const chain = this.canonical()
    const latest = chain.at(-1)
    const finalized = chain.find((block) => block.number === Math.min(this.#finalized, latest?.number ?? 0))
    assert(latest !== undefined && finalized !== undefined, 'a shown chain has heads')
    this.#named.note(latest)
    return { latest: toHeader(latest), finalized: toHeader(finalized) }
  }

  async headers({ first, last }: { first: number; last: number }): Promise<readonly Header[]> {
    this.fault('headers')
    const found = this.canonical().filter((block) => block.number >= first && block.number <= last)
    if (found.length !== last - first + 1) throw new ServiceError('NODE_BEHIND', 'no such block')
    return found.map(toHeader)
  }

  async transactionBlock(hash: string): Promise<BlockRef | undefined> {
    this.fault('transactionBlock')
    const found = this.canonical().find(({ transfers }) => transfers.some((one) => one.transactionHash === hash))
    return found && { number: found.number, hash: found.hash }
  }

  /** How the other nodes answer a conflict. By default there are no other nodes. */
  others: (conflict: Conflict) => Confirmation = () => 'alone'

  async confirm(conflict: Conflict): Promise<Confirmation> {
    this.fault('confirm')
    return this.others(conflict)
  }

  async transfers({
    first,
    last,
    scope,
  }: Parameters<ChainAdapter['transfers']>[0]): Promise<readonly BlockTransfers[]> {
    this.fault('transfers')
    return this.canonical()
      .filter((block) => block.number >= first && block.number <= last)
      .map((block) => within(block, scope))
      .filter(isTold)
  }

  async transfersOf({
    headers,
    scope,
  }: Parameters<ChainAdapter['transfersOf']>[0]): Promise<readonly BlockTransfers[]> {
    this.fault('transfersOf')
    return headers.map((header) => {
      const block = this.#blocks.get(header.hash)
      if (block === undefined) throw new ServiceError('NODE_BEHIND', 'no such block')
      return within(block, scope)
    })
  }

  /** The proofs of missing logs that the adapter was given. */
  readonly distrusted: LogsProof[] = []

  distrustLogs(proof: LogsProof): void {
    this.distrusted.push(proof)
  }

  async readBalances(..._request: Parameters<ChainAdapter['readBalances']>): Promise<BalanceReads> {
    throw new ServiceError('NODE_UNREACHABLE', 'a mock chain has no state to read')
  }

  async readTokens(..._: Parameters<ChainAdapter['readTokens']>): Promise<TokenReads> {
    throw new ServiceError('NODE_UNREACHABLE', 'a mock chain has no state to read')
  }
}

/** A block with what a scope of accounts includes of it; all of it for any other scope. */
function within<B extends BlockTransfers>(block: B, scope: FetchScope): B {
  if (scope.type !== 'accounts') return block
  const accounts = new Set(scope.accounts)
  const has = (side: string | undefined): boolean => side !== undefined && accounts.has(side)
  const hints = block.hints?.filter(({ account }) => accounts.has(account)) ?? []
  const transfers = block.transfers.filter(({ from, to }) => has(from) || has(to))
  return { ...block, transfers, hints: hints.length === 0 ? undefined : hints }
}

/** True for a block with transfers or hints. */
export function isTold({ transfers, hints }: BlockTransfers): boolean {
  return transfers.length > 0 || hints !== undefined
}

function toHeader({ number, hash, parentHash, timestamp }: Header): Header {
  return { number, hash, parentHash, timestamp }
}

/** `3a` as a hash: `0x` + its name in hex digits, padded. */
export function hash(name: string): string {
  return `0x${Buffer.from(name).toString('hex').padStart(64, '0')}`
}
