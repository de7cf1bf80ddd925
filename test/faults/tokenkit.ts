/** Requests in the form of the dialect TokenKit, and its answers as claims. */
import type { Draw } from '../../src/demo/draw.ts'
import { parseAsOf } from './as-of.ts'
import type { PairRow } from './claims.ts'
import { amountOf, field, type Question, type Questions, rowsIn, type Subjects } from './questions.ts'
import type { TrueTransfer } from './truth.ts'

type Pair = { readonly account: string; readonly token: string }

const LIMIT = 100
/** Most pairs of one batch. */
const MAX_PAIRS = 20
/** Histories begin at most this many seconds before the newest block, unless they begin with the chain. */
const BACK_SECONDS = 120

/** The questions of TokenKit. */
export const TOKENKIT: Questions = {
  dialects: (chain) => ({ tokenkit: { chain } }),
  keyHeader: 'api-key',
  unknown: [502, 503],
  draw: drawQuestion,
  everything: ({ accounts, tokens, others }) => [
    ...accounts.flatMap((account) =>
      pagesOf(tokens).map((page) =>
        batchOf(
          page.map((token) => ({ account, token })),
          { max_age: 0 },
        ),
      ),
    ),
    ...accounts.map((account) => accountOf(account, others, '&max_age=0')),
    ...tokens.map((token) => transfersOf(token)),
    ...accounts.slice(0, 6).flatMap((account) => tokens.map((token) => historyOf({ account, token }, { from: 0 }))),
  ],
  accounting: (token, { accounts }) =>
    `/api/balance?account_address=${accounts[0] ?? ''}&token_address=${token}&max_age=100000`,
  // No node returns a balance of a token that never answers.
  isRead: ({ status, asOf }) => status === 502 || (status === 200 && parseAsOf(asOf)?.source === 'reads'),
}

function pagesOf(tokens: readonly string[]): readonly (readonly string[])[] {
  const starts = tokens.flatMap((_, at) => (at % MAX_PAIRS === 0 ? [at] : []))
  return starts.map((start) => tokens.slice(start, start + MAX_PAIRS))
}

function drawQuestion(draw: Draw, subjects: Subjects): Question {
  const { accounts, tokens, others, head, time } = subjects
  const pair = (): Pair => ({ account: draw.of(accounts), token: draw.of(tokens) })
  const how = draw.oneIn(6) ? '&force_refresh=true' : draw.oneIn(6) ? '&max_age=0' : ''
  const { account, token } = pair()
  switch (draw.below(10)) {
    case 0:
    case 1:
      return balanceOf({ account, token }, how)
    case 2:
    case 3:
      return batchOf(Array.from({ length: draw.between(1, MAX_PAIRS) }, pair))
    case 4:
    case 5:
      return accountOf(account, others, how)
    case 6:
      return historyOf({ account, token }, { from: 0 })
    case 7: {
      const from = time - draw.below(BACK_SECONDS)
      return historyOf({ account, token }, draw.oneIn(2) ? { from } : { from, to: from + draw.below(BACK_SECONDS) })
    }
    case 8:
      return transfersOf(token, { block: Math.max(0, head - draw.below(100)) })
    default:
      return draw.oneIn(2) ? transfersOf(token) : transfersOf(token, { account })
  }
}

/** One balance. */
function balanceOf({ account, token }: Pair, how = ''): Question {
  return {
    about: { token },
    name: `balance${how === '' ? '' : ', forced'}`,
    path: `/api/balance?account_address=${account}&token_address=${token}${how}`,
    read: (body) => {
      const row = pairOf(field(body, 'data'))
      return row === undefined ? undefined : { what: 'pairs', asked: [{ account, token }], rows: [row], refused: [] }
    },
  }
}

/** Up to 20 balances. */
function batchOf(pairs: readonly Pair[], how: { readonly max_age?: number } = {}): Question {
  return {
    name: 'balances',
    path: '/api/balances',
    body: { balances: pairs.map(({ account, token }) => ({ account_address: account, token_address: token })), ...how },
    read: (body) => {
      const rows = rowsIn(field(body, 'data'), pairOf)
      const refused = rowsIn(field(body, 'errors') ?? [], (row) => ({
        account: String(field(row, 'account_address')),
        token: String(field(row, 'token_address')),
        isNoToken: String(field(row, 'error')).includes('Not a token'),
      }))
      return rows === undefined || refused === undefined ? undefined : { what: 'pairs', asked: pairs, rows, refused }
    },
  }
}

function pairOf(row: unknown): PairRow | undefined {
  const amount = amountOf(field(row, 'balance'))
  if (amount === undefined) return undefined
  return { account: String(field(row, 'account_address')), token: String(field(row, 'token_address')), amount }
}

/** All fungible tokens of an account. Other contracts are in the answer too, with numbers of items. */
function accountOf(account: string, others: readonly string[], how = ''): Question {
  return {
    name: `account-balances${how === '' ? '' : ', forced'}`,
    path: `/api/account-balances?account_address=${account}${how}`,
    read: (body) => {
      const all = rowsIn(field(body, 'data'), (row) => {
        const token = field(field(row, 'token'), 'address')
        const balance = field(row, 'balance')
        const amount = amountOf(balance)
        if (typeof token !== 'string' || (amount === undefined && balance !== null)) return undefined
        return { token, amount }
      })
      if (all === undefined) return undefined
      const rows = all.flatMap(({ token, amount }) =>
        amount === undefined || others.includes(token) ? [] : [{ token, amount }],
      )
      const unread = all.flatMap(({ token, amount }) => (amount === undefined ? [token] : []))
      const left = all.length - rows.length
      return { what: 'tokens', account, listed: undefined, rows, unread, count: Number(field(body, 'count')) - left }
    },
  }
}

/** Every change of a balance, in a range of Unix seconds. */
function historyOf({ account, token }: Pair, { from, to }: { readonly from: number; readonly to?: number }): Question {
  const end = to === undefined ? '' : `&end_time=${timeText(to)}`
  return {
    name: `balance-history${from === 0 ? '' : ', a range'}`,
    path: `/api/balance-history?account_address=${account}&token_address=${token}&start_time=${timeText(from)}${end}`,
    read: (body) => {
      const rows = rowsIn(field(body, 'data'), (row) => {
        const balance = field(row, 'balance')
        const amount = amountOf(balance)
        if (amount === undefined && balance !== null) return undefined
        return { block: Number(field(row, 'block_number')), event: Number(field(row, 'event_index')), amount }
      })
      return rows && { what: 'history', account, token, from, to: to ?? Number.POSITIVE_INFINITY, rows }
    },
  }
}

const timeText = (seconds: number): string => new Date(seconds * 1_000).toISOString()

type TransferFilter = { readonly account?: string; readonly block?: number }

/** The newest transfers of a token, of an account or in a block. */
function transfersOf(token: string, { account, block }: TransferFilter = {}): Question {
  const filter = `${account === undefined ? '' : `&account=${account}`}${block === undefined ? '' : `&block=${block}`}`
  const [first, last] = block === undefined ? [0, Number.MAX_SAFE_INTEGER] : [block, block]
  return {
    name: `transfers${account === undefined ? '' : ' of an account'}${block === undefined ? '' : ' of a block'}`,
    path: `/api/transfers?token=${token}${filter}&limit=${LIMIT}`,
    read: (body) => {
      const rows = rowsIn(field(body, 'results'), transferOf)
      const count = Number(field(body, 'count'))
      return rows && { what: 'transfers', token, account, first, last, limit: LIMIT, rows, count }
    },
  }
}

function transferOf(row: unknown): TrueTransfer | undefined {
  const amount = amountOf(field(row, 'value'))
  if (amount === undefined) return undefined
  return {
    block: Number(field(row, 'block')),
    transaction: String(field(row, 'txhash')),
    logIndex: Number(field(row, 'event_index')),
    token: String(field(row, 'token_address')),
    from: String(field(row, 'from_address')),
    to: String(field(row, 'to_address')),
    amount,
  }
}
