import { createHash } from 'node:crypto'
import { type ChainCoin, hex } from './chain.ts'
import { bytesIn, type Fields, listIn, NodeFailure, numberIn } from './node-failure.ts'
import type { Bytes, SdkCoin } from './sdk.ts'
import type { AnswerOf, View } from './view.ts'

/** The calls for coins. */
export const coinAnswers: Readonly<Record<string, AnswerOf>> = {
  get_coin_records_by_puzzle_hash: (view, request) => {
    return lookUp(view, request, view.chain.coinsBy('puzzle hashes', [bytesIn(request, 'puzzle_hash')]))
  },
  get_coin_records_by_puzzle_hashes: (view, request) => {
    const hashes = variables(view, listIn(request, 'puzzle_hashes'))
    return lookUp(view, request, view.chain.coinsBy('puzzle hashes', hashes))
  },
  get_coin_records_by_parent_ids: (view, request) => {
    return lookUp(view, request, view.chain.coinsBy('parents', variables(view, listIn(request, 'parent_ids'))))
  },
  get_coin_records_by_names: (view, request) => {
    return lookUp(view, request, view.chain.coinsBy('names', variables(view, listIn(request, 'names'))))
  },
  get_coin_records_by_hint: (view, request) => {
    const rows = [...view.chain.coinsByHint(bytesIn(request, 'hint'))]
    // A node's hints are in the order in which they came.
    rows.sort((a, b) => a.confirmed - b.confirmed)
    const seen = rows.filter((row) => row.confirmed <= view.top)
    return lookUp(view, request, variables(view, seen.slice(0, view.options.hintRows)))
  },
  get_coin_record_by_name: (view, request) => {
    const name = bytesIn(request, 'name')
    const [row] = rowsOf(view, view.chain.coinsBy('names', [name]))
    if (row === undefined) {
      const words = 'Coin record not found'
      throw new NodeFailure('COIN_RECORD_NOT_FOUND', `Coin record 0x${hex(name)} not found`, {
        words,
        data: { name: hex(name) },
      })
    }
    return { coin_record: row.json }
  },
  get_puzzle_and_solution: (view, request) => {
    const [coin, height] = [bytesIn(request, 'coin_id'), numberIn(request, 'height')]
    const [row] = rowsOf(view, view.chain.coinsBy('names', [coin]))
    const spend = row?.spent === height ? view.chain.spendOf(coin, height) : undefined
    if (spend === undefined) {
      const words = 'Invalid height for coin record'
      const message = `Invalid height ${height}. coin record ${row === undefined ? 'None' : 'CoinRecord'}`
      throw new NodeFailure('INVALID_HEIGHT_FOR_COIN', message, { words, data: { height } })
    }
    return { coin_solution: spendJson(spend) }
  },
}

/** A spend as a node writes it. */
export function spendJson(spend: { coin: SdkCoin; puzzleReveal: Bytes; solution: Bytes }): Fields {
  const { coin, puzzleReveal, solution } = spend
  return { coin: coinJson(coin), puzzle_reveal: text(puzzleReveal), solution: text(solution) }
}

/** A coin as a node writes it. */
export function coinJson({ parentCoinInfo, puzzleHash, amount }: SdkCoin): Fields {
  return { parent_coin_info: text(parentCoinInfo), puzzle_hash: text(puzzleHash), amount }
}

/** Coin records as a node with this view writes them. */
export function recordsJson(view: View, records: readonly ChainCoin[]): readonly Fields[] {
  return rowsOf(view, records).map(({ json }) => json)
}

/** Bytes as a node writes them. */
export function text(bytes: Bytes): string {
  return `0x${hex(bytes)}`
}

type Row = {
  readonly id: string
  readonly confirmed: number
  readonly spent: number | undefined
  readonly json: Fields
}

/** The coins that exist at the top of a view. A spend above it has not happened. The prefarm is not shown. */
function rowsOf({ chain, top }: View, records: readonly ChainCoin[]): readonly Row[] {
  const times = new Map<number, number>()
  const timeOf = (number: number): number => {
    const time = times.get(number) ?? chain.at(number)?.timestamp ?? 0
    times.set(number, time)
    return time
  }
  return records.flatMap((record) => {
    const { confirmed, spent: spentIn } = record
    if (confirmed < 0 || confirmed > top) return []
    const spent = spentIn !== undefined && spentIn <= top ? spentIn : undefined
    const json = {
      coin: coinJson(record.coin),
      coinbase: record.coinbase,
      confirmed_block_index: confirmed,
      spent: spent !== undefined,
      spent_block_index: spent ?? 0,
      timestamp: timeOf(confirmed),
    }
    return [{ id: hex(record.coin.coinId()), confirmed, spent, json }]
  })
}

/** What a look-up leaves of the coins: the window is about the blocks that created them. */
function lookUp(view: View, request: Fields, records: readonly ChainCoin[]): Fields {
  const first = 'start_height' in request ? numberIn(request, 'start_height') : 0
  const end = 'end_height' in request ? numberIn(request, 'end_height') : Number.POSITIVE_INFINITY
  const rows = rowsOf(view, records).filter(
    ({ confirmed, spent }) =>
      confirmed >= first && confirmed < end && (request.include_spent_coins === true || spent === undefined),
  )
  return page(view, request, scattered(rows))
}

/** A node sends coins in no order, the same for the same coins. */
function scattered(rows: readonly Row[]): readonly Fields[] {
  const keyed = rows.map(({ id, json }) => ({ key: createHash('md5').update(id).digest('hex'), json }))
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1))
  return keyed.map(({ json }) => json)
}

function page({ options }: View, request: Fields, rows: readonly Fields[]): Fields {
  const { pageRows } = options
  if (!Number.isFinite(pageRows)) return { coin_records: rows }
  const start = 'cursor' in request ? numberIn(request, 'cursor') : 0
  const coinRecords = rows.slice(start, start + pageRows)
  if (start + pageRows >= rows.length) return { coin_records: coinRecords, truncated: false }
  return { coin_records: coinRecords, truncated: true, next_cursor: String(start + pageRows) }
}

/** One SQL variable a value. @throws NodeFailure */
function variables<T>({ options }: View, values: readonly T[]): readonly T[] {
  if (values.length > options.sqlVariables) throw new NodeFailure('UNKNOWN', 'too many SQL variables')
  return values
}
