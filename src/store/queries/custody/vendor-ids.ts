import { assert } from '../../../core/assert.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import type { TableEngine } from '../../engine/table-engine.ts'
import { nullable, text } from '../../rows/columns.ts'
import type { StoredChainAsset, VendorIdStore } from '../../seam/custody.ts'
import { type Query, rowOf } from '../query.ts'
import { addAsset, addChain, assetId, chainNumber, readChain } from './names.ts'

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
    const wanted = chains.map(({ chain, candidates }) => ({
      candidates,
      find: () => chainNumber(chain),
      add: () => addChain(chain),
    }))
    return this.#give(CHAINS, wanted)
  }

  async ofAssets(assets: Parameters<VendorIdStore['ofAssets']>[0]): Promise<readonly string[]> {
    const wanted = assets.map(({ chain, asset, candidates }) => ({
      candidates,
      *find(): Query<number | undefined> {
        return yield* assetId((yield* chainNumber(chain)) ?? 0, asset)
      },
      *add(): Query<number> {
        return yield* addAsset(yield* addChain(chain), asset)
      },
    }))
    return this.#give(ASSETS, wanted)
  }

  async asset(id: string): Promise<StoredChainAsset | undefined> {
    return this.#engine.read(function* (): Query<StoredChainAsset | undefined> {
      const [row] = yield [ASSET_BY_ID, id]
      return row && { chain: readChain(row[0]), asset: { standard: parseStandard(row[1]), reference: text(row[2]) } }
    })
  }

  /** Writes only if an id is missing: nearly every question is about ids that were given before. */
  async #give(table: Table, wanted: readonly Wanted[]): Promise<readonly string[]> {
    const known = await this.#engine.read(() => knownIds(table, wanted))
    return known ?? this.#engine.write(() => giveIds(table, wanted))
  }
}

type Wanted = {
  readonly candidates: () => Iterable<string>
  readonly find: () => Query<number | undefined>
  readonly add: () => Query<number>
}

/** The ids; undefined if one is missing. */
function* knownIds(table: Table, wanted: readonly Wanted[]): Query<readonly string[] | undefined> {
  const ids: string[] = []
  for (const one of wanted) {
    const id = yield* givenTo(table, yield* one.find())
    if (id === undefined) return undefined
    ids.push(id)
  }
  return ids
}

function* giveIds(table: Table, wanted: readonly Wanted[]): Query<readonly string[]> {
  const ids: string[] = []
  for (const one of wanted) {
    const row = yield* one.add()
    ids.push((yield* givenTo(table, row)) ?? (yield* giveFree(table, row, one.candidates())))
  }
  return ids
}

function* givenTo(table: Table, number: number | undefined): Query<string | undefined> {
  if (number === undefined) return undefined
  const [row] = yield [table.id, number]
  return nullable(row?.[0], text)
}

function* giveFree(table: Table, row: number, candidates: Iterable<string>): Query<string> {
  for (const id of candidates) {
    if ((yield [table.isTaken, id]).length > 0) continue
    yield [table.give, id, row]
    return id
  }
  assert(false, 'candidates of vendor ids never end before a free one')
}
