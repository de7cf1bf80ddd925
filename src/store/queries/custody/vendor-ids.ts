import { assert } from '../../../core/assert.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import type { TableEngine } from '../../engine/table-engine.ts'
import { nullable, text } from '../../rows/columns.ts'
import type { StoredChainAsset, VendorIdStore } from '../../seam/custody.ts'
import { type Query, rowOf } from '../query.ts'
import { sideBySide } from '../side-by-side.ts'
import { addAssets, addChain, assetId, chainNumber, readChain } from './names.ts'

const CHAINS = tableOf('custody_chains')
const ASSETS = tableOf('custody_assets')
const ASSET_BY_ID = rowOf(
  `SELECT c.chain, s.standard, s.reference FROM custody_assets s JOIN custody_chains c ON c.id = s.chain
   WHERE s.vendor_id = ?`,
)

/** The statements of a table whose rows have vendor's ids. */
type Table = ReturnType<typeof tableOf>

function tableOf(name: 'custody_chains' | 'custody_assets') {
  return {
    id: rowOf(`SELECT vendor_id FROM ${name} WHERE id = ?`),
    isTaken: rowOf(`SELECT 1 FROM ${name} WHERE vendor_id = ?`),
    give: rowOf(`UPDATE ${name} SET vendor_id = ? WHERE id = ?`),
  }
}

/** The vendor's ids of chains and assets, on any engine. */
export class StoredVendorIds implements VendorIdStore {
  readonly #engine: TableEngine

  constructor(engine: TableEngine) {
    this.#engine = engine
  }

  async ofChains(chains: Parameters<VendorIdStore['ofChains']>[0]): Promise<readonly string[]> {
    return this.#give(CHAINS, {
      candidates: chains.map(({ candidates }) => candidates),
      find: () => sideBySide(chains.map(({ chain }) => chainNumber(chain))),
      *add() {
        const rows: number[] = []
        for (const { chain } of chains) rows.push(yield* addChain(chain))
        return rows
      },
    })
  }

  async ofAssets(assets: Parameters<VendorIdStore['ofAssets']>[0]): Promise<readonly string[]> {
    return this.#give(ASSETS, {
      candidates: assets.map(({ candidates }) => candidates),
      find: () => sideBySide(assets.map(numberOf)),
      *add() {
        return (yield* addAssets(assets)).map(({ asset }) => asset)
      },
    })
  }

  async asset(id: string): Promise<StoredChainAsset | undefined> {
    return this.#engine.read(function* (): Query<StoredChainAsset | undefined> {
      const [row] = yield [ASSET_BY_ID, id]
      return row && { chain: readChain(row[0]), asset: { standard: parseStandard(row[1]), reference: text(row[2]) } }
    })
  }

  /** Writes only if an id is missing: nearly every question is about ids that were given before. */
  async #give(table: Table, wanted: Wanted): Promise<readonly string[]> {
    const known = await this.#engine.read(() => knownIds(table, wanted))
    return known ?? this.#engine.write(() => giveIds(table, wanted))
  }
}

/** Rows that are to have ids. `find`: their numbers. `add`: the same, given to those that have none. */
type Wanted = {
  readonly candidates: readonly (() => Iterable<string>)[]
  readonly find: () => Query<readonly (number | undefined)[]>
  readonly add: () => Query<readonly number[]>
}

function* numberOf({ chain, asset }: StoredChainAsset): Query<number | undefined> {
  return yield* assetId((yield* chainNumber(chain)) ?? 0, asset)
}

/** The ids; undefined if one is missing. */
function* knownIds(table: Table, wanted: Wanted): Query<readonly string[] | undefined> {
  const rows = yield* wanted.find()
  const ids = (yield* sideBySide(rows.map((row) => givenTo(table, row)))).filter((id) => id !== undefined)
  return ids.length === rows.length ? ids : undefined
}

function* giveIds(table: Table, { add, candidates }: Wanted): Query<readonly string[]> {
  const rows = yield* add()
  const given = yield* sideBySide(rows.map((row) => givenTo(table, row)))
  const missing = candidates.flatMap((one, at) => {
    const row = rows[at]
    return row === undefined || given[at] !== undefined ? [] : [{ row, candidates: one }]
  })
  const fresh = yield* giveFree(table, missing)
  return rows.map((row, at) => {
    const id = given[at] ?? fresh.get(row)
    assert(id !== undefined, 'candidates of vendor ids never end before a free one')
    return id
  })
}

function* givenTo(table: Table, number: number | undefined): Query<string | undefined> {
  if (number === undefined) return undefined
  const [row] = yield [table.id, number]
  return nullable(row?.[0], text)
}

/** Gives each row its first candidate that no other row has. Returns the ids of all. */
function* giveFree(table: Table, missing: readonly Missing[]): Query<ReadonlyMap<number, string>> {
  // Nearly always the first candidates are free: they are looked up together.
  const first = missing.map(({ candidates }) => firstOf(candidates()))
  const areTaken = yield* sideBySide(first.map((id) => isTaken(table, id)))
  const taken = new Map(first.map((id, index) => [id, areTaken[index] === true]))
  const ids = new Map<number, string>()
  for (const { row, candidates } of missing) {
    for (const id of ids.has(row) ? [] : candidates()) {
      if (taken.get(id) ?? (yield* isTaken(table, id))) continue
      taken.set(id, true)
      ids.set(row, id)
      yield [table.give, id, row]
      break
    }
  }
  return ids
}

type Missing = { readonly row: number; readonly candidates: () => Iterable<string> }

function firstOf(candidates: Iterable<string>): string {
  for (const id of candidates) return id
  assert(false, 'there are candidates of vendor ids')
}

function* isTaken(table: Table, id: string): Query<boolean> {
  return (yield [table.isTaken, id]).length > 0
}
