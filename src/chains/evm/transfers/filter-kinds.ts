import type { FetchScope, LogsProof } from '../../adapter.ts'
import type { CoolDowns } from '../../nodes/cool-downs.ts'

/** What a filter of eth_getLogs names besides the blocks. `none`: nothing, so all logs are returned. */
export type FilterShape = 'events' | 'addresses' | 'accounts' | 'addresses_accounts' | 'none'

/** How a filter names its blocks: by numbers, or one block by its hash. */
export type BlocksBy = 'number' | 'hash'

/** A kind of filter for eth_getLogs. */
export type FilterKind = { readonly shape: FilterShape; readonly by: BlocksBy }

/** The parts of a shape. A node that ignores or mishandles a part does so in every shape with that part. */
const PARTS: Readonly<Record<FilterShape, readonly string[]>> = {
  none: [],
  events: ['events'],
  addresses: ['events', 'addresses'],
  accounts: ['events', 'accounts'],
  addresses_accounts: ['events', 'addresses', 'accounts'],
}

/** The shapes that find a scope's transfers, the one with the shortest answers first. */
const SHAPES_OF: Readonly<Record<FetchScope['type'], readonly FilterShape[]>> = {
  all: ['events', 'none'],
  tokens: ['addresses', 'events', 'none'],
  accounts: ['accounts', 'events', 'none'],
  pair: ['addresses_accounts', 'addresses', 'events', 'none'],
  mints: ['addresses_accounts', 'addresses', 'events', 'none'],
}

/**
 * Most answers to remember, adjacent ones merged: about 300 kB. For older blocks we no longer know which node answered.
 */
const MAX_ANSWERS = 4_096
/** A new answer may extend one of this many newest answers: more than the number of concurrent ranges. */
const CONTINUED = 8

type Blocks = { readonly first: number; readonly last: number }
type AnsweredRange = Blocks & { readonly label: string; readonly scope: FetchScope['type']; readonly kind: FilterKind }

/** Most addresses in one filter: geth accepts 1,000 values for a topic, hosted nodes accept fewer addresses. */
export const MAX_FILTER_SIZE = 500

/**
 * Remembers which kinds of filter left out logs or were refused, by node (its label), and which kind answered for which
 * blocks.
 */
export class FilterKinds {
  readonly #coolDowns: CoolDowns
  /** Most addresses in one filter, by node and shape, if fewer than usual. */
  readonly #sizes = new Map<string, number>()
  readonly #unusable = new Map<string, FilterKind[]>()
  /** Incomplete kinds whose node is not known: they count for every node. */
  readonly #unusableAnywhere: FilterKind[] = []
  #answers: AnsweredRange[] = []

  constructor(coolDowns: CoolDowns) {
    this.#coolDowns = coolDowns
  }

  /**
   * Returns the kinds of filter that find a scope's transfers on a node, best first: by number before by hash. Leaves
   * out the kinds that left out logs or were refused lately. Empty if only receipts remain.
   */
  usable(label: string, scope: FetchScope): readonly FilterKind[] {
    const kinds = (['number', 'hash'] as const).flatMap((by) => SHAPES_OF[scope.type].map((shape) => ({ shape, by })))
    return kinds.filter((kind) => !this.isUnusable(label, kind) && !this.#coolDowns.isPaused(keyOf(label, kind)))
  }

  /** Returns the most addresses in one filter of a node. At 1, a filter also names only one event. */
  sizeOf(label: string, { shape }: FilterKind): number {
    return this.#sizes.get(`${label} ${shape}`) ?? MAX_FILTER_SIZE
  }

  /** Records that a node answers filters of this many addresses, and no larger ones. */
  setSize(label: string, { shape }: FilterKind, size: number): void {
    this.#sizes.set(`${label} ${shape}`, size)
  }

  /** Pauses a kind of filter that a node refuses for an unknown reason. */
  markRefused(label: string, kind: FilterKind): void {
    this.#coolDowns.failed(keyOf(label, kind))
  }

  /** True if a kind of filter, or a part of it, left out logs on a node. */
  isUnusable(label: string, kind: FilterKind): boolean {
    const unusable = [...(this.#unusable.get(label) ?? []), ...this.#unusableAnywhere]
    return unusable.some(
      (one) => one.by === kind.by && PARTS[one.shape].every((part) => PARTS[kind.shape].includes(part)),
    )
  }

  /** Records that a node left out logs with this kind of filter. Returns false if that was known. */
  markUnusable(label: string, kind: FilterKind): boolean {
    if (this.isUnusable(label, kind)) return false
    this.#unusable.set(label, [...(this.#unusable.get(label) ?? []), kind])
    return true
  }

  /** Records which node answered for these blocks, and with which kind of filter. */
  noteAnswered(label: string, scope: FetchScope, { first, last, ...kind }: Blocks & FilterKind): void {
    const isContinued = (one: AnsweredRange): boolean =>
      one.label === label &&
      one.scope === scope.type &&
      isSameKind(one.kind, kind) &&
      first <= one.last + 1 &&
      last >= one.first - 1
    const at = this.#answers.findLastIndex(isContinued)
    const known = at >= this.#answers.length - CONTINUED ? this.#answers[at] : undefined
    if (known === undefined) this.#answers.push({ first, last, label, scope: scope.type, kind })
    else this.#answers[at] = { ...known, first: Math.min(first, known.first), last: Math.max(last, known.last) }
    if (this.#answers.length > 2 * MAX_ANSWERS) this.#answers = this.#answers.slice(-MAX_ANSWERS)
  }

  /**
   * Records the proof that logs of a block were left out. Returns the nodes and kinds that are not used again. A kind
   * without a node is not used on any node, since the answer is too old to know which node gave it.
   */
  distrust({ block, scope }: LogsProof): readonly { readonly label: string | undefined; readonly kind: FilterKind }[] {
    const { number } = block
    const answered = this.#answers.filter((one) => {
      return one.scope === scope.type && one.first <= number && number <= one.last
    })
    if (answered.length > 0) {
      return answered
        .filter(({ label, kind }) => this.markUnusable(label, kind))
        .map(({ label, kind }) => ({ label, kind }))
    }
    // It is no longer known which node answered. Old blocks were read by one kind of filter, and each is proven
    // separately: marking more kinds with each proof would leave only the receipts.
    const [shape] = SHAPES_OF[scope.type]
    const kinds = (['number', 'hash'] as const).flatMap((by) => (shape === undefined ? [] : [{ shape, by }]))
    const fresh = kinds.filter((kind) => !this.#unusableAnywhere.some((one) => isSameKind(one, kind)))
    this.#unusableAnywhere.push(...fresh)
    return fresh.map((kind) => ({ label: undefined, kind }))
  }
}

function isSameKind(a: FilterKind, b: FilterKind): boolean {
  return a.shape === b.shape && a.by === b.by
}

function keyOf(label: string, { shape, by }: FilterKind): string {
  return `${label} logs ${shape} ${by}`
}
