import type { FetchScope, LogsProof } from '../../adapter.ts'
import type { Refusals } from '../words/refusals.ts'

/** What a filter of eth_getLogs names besides the blocks. `none`: nothing, so every log is answered. */
export type FilterShape = 'events' | 'addresses' | 'accounts' | 'addresses_accounts' | 'none'

/** How the blocks are named: by numbers, or one block by its hash. */
export type BlocksBy = 'number' | 'hash'

/** One kind of filter. */
export type FilterKind = { readonly shape: FilterShape; readonly by: BlocksBy }

/** The parts of a shape. A node that ignores or mishandles a part does so in every shape that has the part. */
const PARTS: Readonly<Record<FilterShape, readonly string[]>> = {
  none: [],
  events: ['events'],
  addresses: ['events', 'addresses'],
  accounts: ['events', 'accounts'],
  addresses_accounts: ['events', 'addresses', 'accounts'],
}

/** Shapes that find a scope's transfers, the one with the shortest answers first. */
const SHAPES_OF: Readonly<Record<FetchScope['type'], readonly FilterShape[]>> = {
  all: ['events', 'none'],
  tokens: ['addresses', 'events', 'none'],
  accounts: ['accounts', 'events', 'none'],
  pair: ['addresses_accounts', 'addresses', 'events', 'none'],
  mints: ['addresses_accounts', 'addresses', 'events', 'none'],
}

/** Answers that are remembered by their blocks, adjacent ones as one: some 300 kB. Of older ones nobody knows who gave them. */
const MAX_ANSWERS = 4_096
/** Newest answers that a next one may continue: more than the ranges that are under way at once. */
const CONTINUED = 8

type Blocks = { readonly first: number; readonly last: number }
type Answered = Blocks & { readonly label: string; readonly scope: FetchScope['type']; readonly way: FilterKind }

/** Addresses in one filter at most: geth takes 1,000 values for a topic, hosted nodes fewer addresses. */
export const MAX_FILTER_SIZE = 500

/**
 * Which kinds of filter were caught leaving out logs, or were refused, by node (its label), and which kind answered for
 * which blocks.
 */
export class FilterKinds {
  readonly #refusals: Refusals
  /** Most addresses in one filter, by node and shape, where that is fewer than usual. */
  readonly #sizes = new Map<string, number>()
  readonly #caught = new Map<string, FilterKind[]>()
  /** Kinds caught where the node that answered is not known: they count for every node. */
  readonly #caughtAnywhere: FilterKind[] = []
  #answers: Answered[] = []

  constructor(refusals: Refusals) {
    this.#refusals = refusals
  }

  /**
   * The kinds of filter that find a scope's transfers on a node and were neither caught nor refused lately, best first; by
   * number before by hash. Empty where only receipts are left.
   */
  usable(label: string, scope: FetchScope): readonly FilterKind[] {
    const ways = (['number', 'hash'] as const).flatMap((by) => SHAPES_OF[scope.type].map((shape) => ({ shape, by })))
    return ways.filter((way) => !this.isCaught(label, way) && !this.#refusals.isPaused(keyOf(label, way)))
  }

  /** Most addresses in one filter of a node; 1: one event in a filter, too. */
  sizeOf(label: string, { shape }: FilterKind): number {
    return this.#sizes.get(`${label} ${shape}`) ?? MAX_FILTER_SIZE
  }

  /** A node answers filters of so many addresses, and no larger ones. */
  setSize(label: string, { shape }: FilterKind, size: number): void {
    this.#sizes.set(`${label} ${shape}`, size)
  }

  /** A kind of filter is refused by a node for no known reason: it is not used for a while. */
  refused(label: string, way: FilterKind): void {
    this.#refusals.failed(keyOf(label, way))
  }

  /** True where a kind of filter, or a part of it, was caught on a node. */
  isCaught(label: string, way: FilterKind): boolean {
    const caught = [...(this.#caught.get(label) ?? []), ...this.#caughtAnywhere]
    return caught.some((one) => one.by === way.by && PARTS[one.shape].every((part) => PARTS[way.shape].includes(part)))
  }

  /** A node left out logs where it was asked so. False: that is known. */
  caught(label: string, way: FilterKind): boolean {
    if (this.isCaught(label, way)) return false
    this.#caught.set(label, [...(this.#caught.get(label) ?? []), way])
    return true
  }

  /** Keeps who answered for these blocks, and to which kind of filter. */
  answered(label: string, scope: FetchScope, { first, last, ...way }: Blocks & FilterKind): void {
    const isContinued = (one: Answered): boolean =>
      one.label === label &&
      one.scope === scope.type &&
      isSameWay(one.way, way) &&
      first <= one.last + 1 &&
      last >= one.first - 1
    const at = this.#answers.findLastIndex(isContinued)
    const known = at >= this.#answers.length - CONTINUED ? this.#answers[at] : undefined
    if (known === undefined) this.#answers.push({ first, last, label, scope: scope.type, way })
    else this.#answers[at] = { ...known, first: Math.min(first, known.first), last: Math.max(last, known.last) }
    if (this.#answers.length > 2 * MAX_ANSWERS) this.#answers = this.#answers.slice(-MAX_ANSWERS)
  }

  /**
   * It was proven that logs of a block were left out. Returns the nodes and kinds that are not used again; a kind without
   * a node is not used on any, since the answer is too old to know who gave it.
   */
  proven({ block, scope }: LogsProof): readonly { readonly label: string | undefined; readonly way: FilterKind }[] {
    const { number } = block
    const guilty = this.#answers.filter((one) => {
      return one.scope === scope.type && one.first <= number && number <= one.last
    })
    if (guilty.length > 0) {
      return guilty.filter(({ label, way }) => this.caught(label, way)).map(({ label, way }) => ({ label, way }))
    }
    // One step at most: all of an older index was made by one kind of filter, and its blocks are proven one by one.
    const [shape] = SHAPES_OF[scope.type]
    const ways = (['number', 'hash'] as const).flatMap((by) => (shape === undefined ? [] : [{ shape, by }]))
    const fresh = ways.filter((way) => !this.#caughtAnywhere.some((one) => isSameWay(one, way)))
    this.#caughtAnywhere.push(...fresh)
    return fresh.map((way) => ({ label: undefined, way }))
  }
}

function isSameWay(a: FilterKind, b: FilterKind): boolean {
  return a.shape === b.shape && a.by === b.by
}

function keyOf(label: string, { shape, by }: FilterKind): string {
  return `${label} logs ${shape} ${by}`
}
