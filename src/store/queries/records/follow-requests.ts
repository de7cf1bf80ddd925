import type { ChainId } from '../../../core/chain.ts'
import type { TableEngine } from '../../engine/table-engine.ts'
import { int, nullable, text } from '../../rows/columns.ts'
import type { FollowRequest, FollowRequests } from '../../seam/followed.ts'
import { each, type Query, rowOf, rowsOf, TURN } from '../query.ts'

const HAS = each('SELECT 1 FROM follow_requests WHERE chain = ? AND account = ?', ['text', 'text'])
const COUNT = rowOf('SELECT count(*) FROM follow_requests WHERE chain = ?')
const LAST = rowOf('SELECT max(sequence) FROM follow_requests')
const ADD = each('INSERT INTO follow_requests (sequence, chain, account, requested_at) VALUES (?, ?, ?, ?)', [
  ...(['int', 'text', 'text', 'int'] as const),
])
const REMOVE = each('DELETE FROM follow_requests WHERE chain = ? AND account = ?', ['text', 'text'])
const LIST = rowsOf('SELECT account, requested_at FROM follow_requests WHERE chain = ? ORDER BY sequence')

/** Which accounts are to be followed, on any engine. */
export class StoredFollowRequests implements FollowRequests {
  readonly #engine: TableEngine
  /** The last lists that were read. They hold as long as the engine's state stays. */
  readonly #lists = new Map<ChainId, readonly FollowRequest[]>()
  #seen: number | undefined

  /** Commits of the engine need not be on disk: a crash may lose the last requests. */
  constructor(engine: TableEngine) {
    this.#engine = engine
  }

  async add({ chain, accounts, max, at }: Parameters<FollowRequests['add']>[0]): Promise<number> {
    return this.#engine.write(function* (): Query<number> {
      yield [TURN, 'follow_requests']
      const { requested, others } = yield* split(chain, accounts)
      const left = Math.max(0, max - int((yield [COUNT, chain])[0]?.[0]))
      const added = others.slice(0, left)
      const last = nullable((yield [LAST])[0]?.[0], int) ?? 0
      yield [ADD, added.map((account, index) => [last + 1 + index, chain, account, at] as const)]
      const all = new Set([...requested, ...added])
      return accounts.filter((account) => all.has(account)).length
    })
  }

  async remove(chain: ChainId, accounts: readonly string[]): Promise<number> {
    return this.#engine.write(function* (): Query<number> {
      yield [TURN, 'follow_requests']
      const { requested } = yield* split(chain, accounts)
      yield [REMOVE, requested.map((account) => [chain, account] as const)]
      return requested.length
    })
  }

  async list(chain: ChainId): Promise<readonly FollowRequest[]> {
    return this.#engine.read((state) => this.#list(chain, state))
  }

  *#list(chain: ChainId, state: number | undefined): Query<readonly FollowRequest[]> {
    if (state === undefined || state !== this.#seen) this.#lists.clear()
    this.#seen = state
    const known = this.#lists.get(chain)
    if (known !== undefined) return known
    const requests = (yield [LIST, chain]).map((row) => ({ account: text(row[0]), at: int(row[1]) }))
    this.#lists.set(chain, requests)
    return requests
  }
}

/** Which of these accounts are requested, and which are not, each once. */
function* split(chain: ChainId, accounts: readonly string[]): Query<Record<'requested' | 'others', readonly string[]>> {
  const distinct = [...new Set(accounts)]
  const found = yield [HAS, distinct.map((account) => [chain, account] as const)]
  const isThere = (_: string, index: number): boolean => found[index]?.length === 1
  return { requested: distinct.filter(isThere), others: distinct.filter((one, index) => !isThere(one, index)) }
}
