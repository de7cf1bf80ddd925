/** Requests in the form of the dialect Spacescan, and its answers as claims. */
import type { Draw } from '../../src/demo/draw.ts'
import { type Json, JsonNumber, parseJson } from '../../src/json/exact-json.ts'
import { parseAsOf } from './as-of.ts'
import { field, type Question, type Questions, rowsIn, type Subjects } from './questions.ts'

/** Digits of a CAT's fraction. */
const DECIMALS = 3

/** The questions of Spacescan. */
export const SPACESCAN: Questions = {
  dialects: (chain) => ({ spacescan: { chain, free_per_minute: 0 } }),
  keyHeader: 'x-api-key',
  parse: (text) => withDigits(parseJson(Buffer.from(text))),
  unknown: [503],
  draw: drawQuestion,
  everything: ({ accounts }) => accounts.flatMap((account) => [tokensOf(account), xchOf(account)]),
  accounting: (_, { accounts }) => `/address/token-balance/${accounts[0] ?? ''}`,
  isRead: ({ asOf }) => parseAsOf(asOf)?.source === 'reads',
}

function drawQuestion(draw: Draw, { accounts, head }: Subjects): Question {
  const account = draw.of(accounts)
  switch (draw.below(6)) {
    case 0:
      return xchOf(account)
    // Everything that was ever received and is unspent: all that the account holds, by its coins.
    case 1:
      return tokensOf(account, `?start_block=0&end_block=${head + 1_000}`)
    default:
      return tokensOf(account)
  }
}

function tokensOf(account: string, window = ''): Question {
  return {
    name: `token-balance${window === '' ? '' : ', a window'}`,
    path: `/address/token-balance/${account}${window}`,
    read: (body) => {
      const rows = rowsIn(field(body, 'balance'), (row) => {
        const [token, amount] = [field(row, 'asset_id'), mojosOf(field(row, 'balance'))]
        return typeof token !== 'string' || amount === undefined ? undefined : { token, amount }
      })
      return rows && { what: 'tokens', account, listed: undefined, rows, count: rows.length }
    },
  }
}

function xchOf(account: string): Question {
  return {
    name: 'xch-balance',
    path: `/address/xch-balance/${account}?include_dust=true`,
    read: (body) => {
      const mojo = field(body, 'mojo')
      const isWhole = typeof mojo === 'string' && /^\d+$/.test(mojo)
      return isWhole ? { what: 'native', account, asked: undefined, amount: BigInt(mojo) } : undefined
    },
  }
}

/** Plain values in which numbers are their digits. */
function withDigits(value: Json): unknown {
  if (value instanceof JsonNumber) return value.text
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, withDigits(item)]))
  return Array.isArray(value) ? value.map(withDigits) : value
}

/** The mojos of an amount of CATs with up to three decimals. */
function mojosOf(value: unknown): bigint | undefined {
  const [, whole, fraction = ''] = (typeof value === 'string' && /^(\d+)(?:\.(\d{1,3}))?$/.exec(value)) || []
  return whole === undefined ? undefined : BigInt(whole + fraction.padEnd(DECIMALS, '0'))
}
