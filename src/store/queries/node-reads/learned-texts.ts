import type { TableEngine } from '../../engine/table-engine.ts'
import { int, nullable, text } from '../../rows/columns.ts'
import type { LearnedTexts } from '../../seam/learned-texts.ts'
import { each, type Query, rowOf, rowsOf, TURN } from '../query.ts'

const SINCE = rowsOf('SELECT text FROM learned WHERE number > ? ORDER BY number')
const LAST = rowOf('SELECT max(number) FROM learned')
const HAS = each('SELECT 1 FROM learned WHERE text = ?', ['text'])
const ADD = each('INSERT INTO learned (number, text) VALUES (?, ?)', ['int', 'text'])

/** What adapters of a chain learned, on any engine. Rows are never deleted, and are numbered in turn, so their numbers have no gaps. */
export class StoredLearnedTexts implements LearnedTexts {
  readonly #engine: TableEngine

  constructor(engine: TableEngine) {
    this.#engine = engine
  }

  async since(after: number): Promise<readonly string[]> {
    return this.#engine.read(function* (): Query<readonly string[]> {
      return (yield [SINCE, after]).map((row) => text(row[0]))
    })
  }

  async add(texts: readonly string[]): Promise<void> {
    const distinct = [...new Set(texts)]
    await this.#engine.write(function* (): Query<void> {
      yield [TURN, 'learned']
      const known = yield [HAS, distinct.map((one) => [one] as const)]
      const added = distinct.filter((_, index) => known[index]?.length === 0)
      const last = nullable((yield [LAST])[0]?.[0], int) ?? 0
      yield [ADD, added.map((one, index) => [last + 1 + index, one] as const)]
    })
  }
}
