/** Requests in the form of the dialect Chainbase, and its answers as claims. Balances are configured as decimal. */
import type { Draw } from '../../src/demo/draw.ts'
import { amountOf, field, type Question, type Questions, rowsIn, type Subjects } from './questions.ts'
import type { TrueTransfer } from './truth.ts'

const CHAIN = 'chain_id=1'
const LIMIT = 100
const SMALL_LIMIT = 5
/** As-of requests go back at most this many blocks. */
const BACK = 100

/** The questions of Chainbase. */
export const CHAINBASE: Questions = {
  dialects: () => ({ chainbase: { balance: 'decimal' } }),
  keyHeader: 'x-api-key',
  unknown: [503],
  draw: drawQuestion,
  everything: ({ accounts, tokens }) => [
    ...accounts.flatMap((account) => [nativeOf(account), tokensOf(account), tokensOf(account, tokens.slice(0, 100))]),
    ...tokens.map((token) => holdersOf(token, { offset: 0, limit: 100, withAmounts: true })),
  ],
  accounting: (token) => `/v1/token/metadata?${CHAIN}&contract_address=${token}`,
  isRead: ({ body }) => field(field(body, 'data'), 'accounting') === 'reads',
}

function drawQuestion(draw: Draw, subjects: Subjects): Question {
  const account = draw.of(subjects.accounts)
  const token = draw.of(subjects.tokens)
  switch (draw.below(10)) {
    case 0:
      return nativeOf(account)
    case 1:
      return nativeOf(account, Math.max(0, subjects.head - draw.below(BACK)))
    case 2:
    case 3:
      return tokensOf(account)
    case 4:
      return tokensOf(account, [token])
    case 5:
      return tokensOf(account, draw.some([...subjects.tokens, ...subjects.others], 12))
    case 6:
      return holdersOf(token, { offset: 0, limit: LIMIT, withAmounts: true })
    case 7:
      return holdersOf(token, { offset: 0, limit: LIMIT, withAmounts: false })
    case 8:
      return holdersOf(token, { offset: SMALL_LIMIT * draw.below(4), limit: SMALL_LIMIT, withAmounts: true })
    default:
      return transfersOf(token, draw, { account: draw.oneIn(2) ? account : undefined, head: subjects.head })
  }
}

/** An account's native balance, now or as of a block. */
function nativeOf(account: string, asOf?: number): Question {
  return {
    name: asOf === undefined ? 'account/balance' : 'account/balance as of',
    ...(asOf === undefined ? {} : { about: { block: asOf } }),
    path: `/v1/account/balance?${CHAIN}&address=${account}${asOf === undefined ? '' : `&to_block=${asOf}`}`,
    read: (body) => {
      const amount = amountOf(field(body, 'data'))
      return amount === undefined ? undefined : { what: 'native', account, asked: asOf, amount }
    },
  }
}

/** All tokens of an account, or those that are listed. */
function tokensOf(account: string, listed?: readonly string[]): Question {
  const contracts = listed === undefined ? '' : `&contract_address=${listed.join(',')}`
  return {
    name: listed === undefined ? 'account/tokens' : 'account/tokens, contracts listed',
    path: `/v1/account/tokens?${CHAIN}&address=${account}&limit=${LIMIT}${contracts}`,
    read: (body) => {
      const rows = rowsOf(body, (row) => {
        const amount = amountOf(field(row, 'balance'))
        return amount === undefined ? undefined : { token: String(field(row, 'contract_address')), amount }
      })
      return rows === undefined
        ? undefined
        : { what: 'tokens', account, listed, rows, count: Number(field(body, 'count')) }
    },
  }
}

/** A page of a token's holders. */
function holdersOf(token: string, page: { offset: number; limit: number; withAmounts: boolean }): Question {
  const { offset, limit, withAmounts } = page
  const call = withAmounts ? 'top-holders' : 'holders'
  return {
    about: { token },
    name: `token/${call}${limit === LIMIT ? '' : ', paged'}`,
    path: `/v1/token/${call}?${CHAIN}&contract_address=${token}&limit=${limit}&page=${offset / limit + 1}`,
    read: (body) => {
      const rows = rowsOf(body, (row) => {
        if (!withAmounts) return { account: String(row), amount: undefined }
        const amount = amountOf(field(row, 'original_amount'))
        return amount === undefined ? undefined : { account: String(field(row, 'wallet_address')), amount }
      })
      if (rows === undefined) return undefined
      return { what: 'holders', token, offset, limit, rows, count: Number(field(body, 'count')) }
    },
  }
}

function transfersOf(token: string, draw: Draw, about: { account: string | undefined; head: number }): Question {
  const { account, head } = about
  const ranged = draw.oneIn(2)
  const first = ranged ? draw.below(head + 1) : 0
  const last = ranged ? draw.between(first, head) : Number.MAX_SAFE_INTEGER
  const range = ranged ? `&from_block=${first}&to_block=${last}` : ''
  const address = account === undefined ? '' : `&address=${account}`
  return {
    about: { token },
    name: 'token/transfers',
    path: `/v1/token/transfers?${CHAIN}&contract_address=${token}${address}${range}&limit=${LIMIT}`,
    read: (body) => {
      const rows = rowsOf(body, transferOf)
      const count = Number(field(body, 'count'))
      return rows === undefined
        ? undefined
        : { what: 'transfers', token, account, first, last, limit: LIMIT, rows, count }
    },
  }
}

function transferOf(row: unknown): TrueTransfer | undefined {
  const amount = amountOf(field(row, 'value'))
  if (amount === undefined) return undefined
  return {
    block: Number(field(row, 'block_number')),
    transaction: String(field(row, 'transaction_hash')),
    logIndex: Number(field(row, 'log_index')),
    token: String(field(row, 'contract_address')),
    from: String(field(row, 'from_address')),
    to: String(field(row, 'to_address')),
    amount,
  }
}

function rowsOf<T>(body: unknown, read: (row: unknown) => T | undefined): readonly T[] | undefined {
  return rowsIn(field(body, 'data'), read)
}
