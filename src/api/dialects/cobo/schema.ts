import { type TSchema, Type } from 'typebox'
import { BigInteger, OrNull } from '../../schema/json-schema.ts'

/** The vendor's greatest offset, as its page prints it. */
const MAX_OFFSET = 9223372036854776000
/** Most rows of a page, and how many there are unless the caller says otherwise. */
const MAX_LIMIT = 200
const DEFAULT_LIMIT = 50

/** The schema of a uuid. */
export const Uuid = (description: string) => Type.String({ format: 'uuid', description })

/** The parameters of a list with cursors. */
export const Cursors = {
  limit: Type.Integer({
    minimum: 1,
    maximum: MAX_LIMIT,
    default: DEFAULT_LIMIT,
    description: 'Most rows of the page.',
  }),
  after: Type.Optional(Type.String({ description: 'The `after` of another page with the same filters.' })),
  before: Type.Optional(Type.String({ description: 'The `before` of another page with the same filters.' })),
}

/** The parameters of a list with cursors, or with the vendor's deprecated offset. */
export const Paging = {
  ...Cursors,
  offset: Type.Optional(
    BigInteger({ minimum: 0, maximum: MAX_OFFSET, description: 'Deprecated: rows to skip. A cursor wins over it.' }),
  ),
}

const Meta = Type.Object(
  {
    total: OrNull(BigInteger({ minimum: 0, maximum: MAX_OFFSET, description: 'All rows. Null without an offset.' })),
    offset: OrNull(BigInteger({ minimum: 0, maximum: MAX_OFFSET, description: 'Null without an offset.' })),
    limit: OrNull(Type.Integer({ description: 'Null without an offset.' })),
    has_more: Type.Boolean({ description: 'More rows follow in the direction of the request.' }),
    after: OrNull(Type.String({ description: 'The cursor of the next page. Null on the last page.' })),
    before: OrNull(Type.String({ description: 'The cursor of the previous page. Null on the first page.' })),
  },
  { title: 'CoboPaginationMeta' },
)

const SUCCESS = {
  success: Type.Unsafe<true>({ type: 'boolean', const: true }),
  suggestion: Type.String({ description: 'Always empty.' }),
  message: Type.String({ description: 'Always empty.' }),
}

/** The envelope of one result. */
export const One = <T extends TSchema>(result: T, title: string) =>
  Type.Object({ result, ...SUCCESS, meta: Type.Null() }, { title })

/** The envelope of a page of rows. */
export const Rows = <T extends TSchema>(row: T, title: string) =>
  Type.Object({ result: Type.Array(row), ...SUCCESS, meta: Meta }, { title })

const Time = (description: string) => Type.String({ description: `${description}: UTC, whole seconds, \`Z\`.` })
const Amount = (description: string) =>
  Type.String({ description: `${description} Decimal text in whole tokens: exact, no exponent.` })

const Filters = {
  wallet_uuid: Type.Optional(Uuid('Only rows of this wallet.')),
  chain_id: Type.Optional(Type.String({ description: 'Only rows of this chain, such as `ETH`.' })),
  address: Type.Optional(Type.String({ description: 'Only rows of this address, in any usual form.' })),
  token_id: Type.Optional(Type.String({ description: 'Only rows of this token, such as `ETH` or `ETH_USDC`.' })),
}

export const BalancesQuery = Type.Object({
  ...Filters,
  force_refresh: Type.Boolean({
    default: false,
    description: 'With `address`: read its balances from the chains first.',
  }),
  ...Paging,
})

export const TransactionsQuery = Type.Object({ ...Filters, ...Cursors })

const BalanceRead = Type.Object(
  {
    id: Uuid('The same for the same wallet, chain, address and token, always.'),
    wallet_uuid: Uuid('The wallet.'),
    cobo_wallet_id: Type.String({ description: 'The wallet, as `wallet_uuid`.' }),
    user_id: Uuid("Derived from the key's principal."),
    address: Type.String(),
    token_id: Type.String(),
    amount: Amount('What can be spent: final, and neither held nor leaving.'),
    updated_at: Time('When the row changed'),
    chain_id: Type.String(),
    chain_type: Type.String({ description: 'The family of the address: all EVM chains are `ETH`.' }),
    compatible_chains: Type.Array(Type.String(), { description: 'The configured chains of the family.' }),
    total: Amount('What the chain says at its newest block.'),
    pending: Amount('Part of the total that is not final yet.'),
    locked: Amount('Active holds.'),
    balance_updated_at: Time('When the total was last known true on the chain'),
  },
  { title: 'CoboBalance' },
)

/** A page of balances. */
export const BalancesAnswer = Rows(BalanceRead, 'CoboBalances')

const Transaction = Type.Object(
  {
    transaction_id: Uuid('The same for the same transfer, wallet and address.'),
    wallet_id: Uuid('The wallet.'),
    chain_id: Type.String(),
    token_id: Type.String(),
    from_address: OrNull(Type.String({ description: 'Null for a mint.' })),
    to_address: OrNull(Type.String({ description: 'Null for a burn.' })),
    amount: Amount('The transferred amount.'),
    status: Type.String({ enum: ['Pending', 'Confirmed'], description: 'Confirmed once its block is final.' }),
    transaction_hash: Type.String(),
    block_number: Type.Integer(),
    created_timestamp: Time('The time of its block'),
  },
  { title: 'CoboTransaction' },
)

/** A page of transactions. */
export const TransactionsAnswer = Rows(Transaction, 'CoboTransactions')

export const ErrorBody = Type.Object(
  {
    success: Type.Unsafe<false>({ type: 'boolean', const: false }),
    error: Type.Union([
      Type.String(),
      Type.Object({ code: Type.String(), reason: Type.String(), details: Type.Object({}) }),
    ]),
    suggestion: Type.String({ description: 'Always empty.' }),
  },
  { title: 'CoboError' },
)

export const InvalidBody = Type.Object(
  {
    success: Type.Unsafe<false>({ type: 'boolean', const: false }),
    error: Type.Object({
      detail: Type.Array(
        Type.Object({
          loc: Type.Array(Type.Union([Type.String(), Type.Integer()])),
          msg: Type.String(),
          type: Type.String({ description: "One of pydantic's types, such as `int_parsing` or `missing`." }),
        }),
      ),
    }),
  },
  { title: 'CoboInvalid' },
)
