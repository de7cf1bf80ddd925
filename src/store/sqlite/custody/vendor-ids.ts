import { assert } from '../../../core/assert.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import type { StoredChainAsset, VendorIdStore } from '../../seam/custody.ts'
import { nullable, type SqliteDatabase, type Statement, text } from '../database.ts'
import { Connection } from './connection.ts'
import { Names, readChain } from './names.ts'

type Statements = ReturnType<typeof prepare>
type Table = Statements['chains']

/** The vendor's ids of chains and assets, in the authoritative file. */
export class SqliteVendorIds implements VendorIdStore {
  readonly #db: Connection<Statements>

  constructor(open: () => SqliteDatabase) {
    this.#db = new Connection(open, prepare)
  }

  async ofChains(chains: Parameters<VendorIdStore['ofChains']>[0]): Promise<readonly string[]> {
    const wanted = chains.map(({ chain, candidates }) => ({
      candidates,
      find: ({ names }: Statements) => names.chain(chain),
      add: ({ names }: Statements) => names.addChain(chain),
    }))
    return this.#give(({ chains: table }) => table, wanted)
  }

  async ofAssets(assets: Parameters<VendorIdStore['ofAssets']>[0]): Promise<readonly string[]> {
    const wanted = assets.map(({ chain, asset, candidates }) => ({
      candidates,
      find: ({ names }: Statements) => names.asset(names.chain(chain) ?? 0, asset),
      add: ({ names }: Statements) => names.addAsset(names.addChain(chain), asset),
    }))
    return this.#give(({ assets: table }) => table, wanted)
  }

  async asset(id: string): Promise<StoredChainAsset | undefined> {
    return this.#db.read(({ assetById }) => {
      const row = assetById.get(id)
      return row && { chain: readChain(row[0]), asset: { standard: parseStandard(row[1]), reference: text(row[2]) } }
    })
  }

  /** Writes only if an id is missing: nearly every question is about ids that were given before. */
  #give(tableOf: (s: Statements) => Table, wanted: readonly Wanted[]): readonly string[] {
    const known = this.#db.read((s) => wanted.map((one) => givenTo(tableOf(s), one.find(s))))
    if (known.every((id) => id !== undefined)) return known
    return this.#db.write((s) =>
      wanted.map((one) => {
        const [table, row] = [tableOf(s), one.add(s)]
        return givenTo(table, row) ?? giveFree(table, row, one.candidates())
      }),
    )
  }
}

type Wanted = {
  readonly candidates: () => Iterable<string>
  readonly find: (s: Statements) => number | undefined
  readonly add: (s: Statements) => number
}

function givenTo(table: Table, row: number | undefined): string | undefined {
  return row === undefined ? undefined : nullable(table.id.get(row), text)
}

function giveFree(table: Table, row: number, candidates: Iterable<string>): string {
  for (const id of candidates) {
    if (table.isTaken.get(id) !== undefined) continue
    table.give.run(id, row)
    return id
  }
  assert(false, 'candidates of vendor ids never end before a free one')
}

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare(statement)
  const table = (name: 'custody_chains' | 'custody_assets') => ({
    id: sql(`SELECT vendor_id FROM ${name} WHERE id = ?`).pluck(),
    isTaken: sql(`SELECT 1 FROM ${name} WHERE vendor_id = ?`).pluck(),
    give: sql(`UPDATE ${name} SET vendor_id = ? WHERE id = ?`),
  })
  return {
    names: new Names(db),
    chains: table('custody_chains'),
    assets: table('custody_assets'),
    assetById: sql(
      `SELECT c.chain, s.standard, s.reference FROM custody_assets s JOIN custody_chains c ON c.id = s.chain
       WHERE s.vendor_id = ?`,
    ).raw(),
  }
}
