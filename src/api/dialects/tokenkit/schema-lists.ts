import { Type } from 'typebox'
import { MAX_KEY_NAME_CHARACTERS } from '../../../access/keys.ts'
import { LABEL_PATTERN } from '../../../core/label.ts'
import { ExactNumber, OrNull } from '../../schema/json-schema.ts'
import { INTERVALS } from './buckets.ts'
import { Address, EXAMPLE_ACCOUNT, EXAMPLE_TOKEN, Success } from './schema.ts'

const Time = (description: string) =>
  Type.String({
    description: `${description} ISO 8601; without an offset: UTC.`,
    maxLength: 64,
    examples: ['2026-01-01T00:00:00Z'],
  })
const OptionalTime = (description: string) => Type.Optional(Time(description))
const Text = (description: string) => Type.Optional(Type.String({ description, maxLength: 256 }))
const Page = (maximum: number, limit: number) => ({
  page: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1, description: 'Which page, from 1.' }),
  limit: Type.Integer({ minimum: 1, maximum, default: limit, description: 'Rows on a page.' }),
})
const Usd = OrNull(Type.String({ description: 'The exact product. Null if unknown.' }))
const Price = OrNull(Type.String({ description: 'US dollars for one token. Null if unknown.' }))

export const HistoryQuery = Type.Object({
  account_address: Address('The account.', EXAMPLE_ACCOUNT),
  token_address: Address('The token contract.', EXAMPLE_TOKEN),
  start_time: Time('First time, inclusive.'),
  end_time: OptionalTime('Last time, inclusive.'),
})

const HistoryRow = Type.Object(
  {
    time: Type.String(),
    block_number: Type.Integer(),
    event_index: Type.Integer({ description: 'The position of the event in its block.' }),
    balance: OrNull(Type.String({ description: 'Base units after this change. Null if it is not known.' })),
    token_price_usd: Price,
    balance_usd: Usd,
  },
  { title: 'TokenKitBalanceChange' },
)

export const HistoryAnswer = Type.Object(
  {
    ...Success,
    data: Type.Array(HistoryRow),
    count: Type.Integer(),
    account_address: Type.String(),
    token_address: Type.String(),
    start_time: Type.String(),
    end_time: OrNull(Type.String()),
  },
  { title: 'TokenKitHistoryAnswer' },
)

export const TransfersQuery = Type.Object({
  account: Text('Sender or receiver.'),
  account_address: Text('As `account`. If both are given, they must be the same.'),
  from_account: Text('The sender.'),
  from_address: Text('As `from_account`. If both are given, they must be the same.'),
  to_account: Text('The receiver.'),
  to_address: Text('As `to_account`. If both are given, they must be the same.'),
  token: Text('The token contract.'),
  token_address: Text('As `token`. If both are given, they must be the same.'),
  block: Type.Optional(Type.Integer({ minimum: 0, description: 'The block number.' })),
  txhash: Text('The hash of the transaction.'),
  ...Page(100, 25),
})

const TransferRow = Type.Object(
  {
    from_address: Type.String(),
    to_address: Type.String(),
    token_address: Type.String(),
    token_symbol: OrNull(Type.String()),
    token_name: OrNull(Type.String()),
    token_decimals: OrNull(Type.Integer()),
    value: Type.String({ description: 'Base units, decimal.' }),
    nft_token_id: Type.String({ description: 'Empty for fungible tokens.' }),
    txhash: Type.String(),
    timestamp: Type.String(),
    block: Type.Integer(),
    status: Type.Null(),
    fee: Type.Null(),
    fee_unit: Type.Null(),
    event_index: Type.Integer({ description: 'The position of the event in its block.' }),
  },
  { title: 'TokenKitTransfer' },
)

const Links = Type.Object({ next: OrNull(Type.String()), previous: OrNull(Type.String()) })

export const TransfersAnswer = Type.Object(
  { links: Links, count: Type.Integer(), total_pages: Type.Integer(), results: Type.Array(TransferRow) },
  { title: 'TokenKitTransfersAnswer' },
)

export const PortfolioQuery = Type.Object({
  account_address: Address('The account.', EXAMPLE_ACCOUNT),
  at_time: OptionalTime('The portfolio at this time; now unless given.'),
})

const Holding = Type.Object(
  {
    token_address: Type.String(),
    balance: OrNull(Type.String()),
    balance_usd: Usd,
    token_price_usd: Price,
    symbol: OrNull(Type.String()),
    name: OrNull(Type.String()),
    logo: OrNull(Type.String()),
    decimals: OrNull(Type.Integer()),
    is_erc20: Type.Boolean(),
    is_erc721: Type.Boolean(),
    is_erc1155: Type.Boolean(),
    verified: Type.Boolean(),
    common: Type.Boolean(),
    public: Type.Boolean(),
    is_hidden: Type.Boolean(),
  },
  { title: 'TokenKitHolding' },
)

const Totals = {
  total_usd: Type.String({ description: 'The exact sum of the holdings with a known value.' }),
  tracked_total_usd: Type.String(),
  holdings_count: Type.Integer(),
  untracked_count: Type.Integer({ description: 'Holdings without a known value.' }),
}

export const PortfolioAnswer = Type.Object(
  {
    ...Success,
    data: Type.Object({
      account_address: Type.String(),
      as_of: Type.String({ description: 'UTC, `+00:00`.' }),
      ...Totals,
      holdings: Type.Array(Holding),
    }),
  },
  { title: 'TokenKitPortfolioAnswer' },
)

export const PortfolioHistoryQuery = Type.Object({
  account_address: Address('The account.', EXAMPLE_ACCOUNT),
  start_time: Time('First time, inclusive.'),
  end_time: OptionalTime('Last time, inclusive; now unless given.'),
  interval: Type.String({ enum: [...INTERVALS], default: '1 day', description: 'The width of a bucket.' }),
  fill_gaps: Type.Boolean({ default: true, description: 'Answer buckets without a change too.' }),
})

const Bucket = Type.Object(
  { bucket: Type.String({ description: 'The start of the interval. The values are those at its end.' }), ...Totals },
  { title: 'TokenKitPortfolioBucket' },
)

export const PortfolioHistoryAnswer = Type.Object(
  {
    ...Success,
    data: Type.Array(Bucket),
    count: Type.Integer(),
    interval: Type.String(),
    fill_gaps: Type.Boolean(),
    start_time: Type.String(),
    end_time: OrNull(Type.String()),
  },
  { title: 'TokenKitPortfolioHistoryAnswer' },
)

export const TokensQuery = Type.Object({
  search: Text('An address, or a part of a symbol or name.'),
  is_erc20: Type.Optional(Type.Boolean({ description: 'Only fungible tokens, or only others.' })),
  common: Type.Optional(Type.Boolean({ description: 'Only tokens of a configured list, or only others.' })),
  public: Type.Optional(Type.Boolean({ description: 'As `common`. If both are given, both must fit.' })),
  fields: Text('Only these fields, separated by commas. Unknown ones are ignored.'),
  ...Page(1_000, 100),
})

const Token = Type.Object(
  {
    address: Type.Optional(Type.String()),
    symbol: Type.Optional(OrNull(Type.String())),
    name: Type.Optional(OrNull(Type.String())),
    decimals: Type.Optional(OrNull(Type.Integer())),
    logo: Type.Optional(OrNull(Type.String())),
    common: Type.Optional(Type.Boolean()),
    verified: Type.Optional(Type.Boolean()),
    public: Type.Optional(Type.Boolean()),
    is_erc20: Type.Optional(Type.Boolean()),
    is_erc721: Type.Optional(Type.Boolean()),
    is_erc1155: Type.Optional(Type.Boolean()),
    current_price_usd: Type.Optional(Price),
  },
  { title: 'TokenKitToken' },
)

export const TokensAnswer = Type.Object(
  {
    results: Type.Array(Token),
    links: Type.Object({ next: OrNull(Type.String({ description: 'An absolute URL.' })) }),
  },
  { title: 'TokenKitTokensAnswer' },
)

export const PriceQuery = Type.Object({
  token_address: Address('The token contract.', EXAMPLE_TOKEN),
  force_refresh: Type.Boolean({ default: false }),
})

export const PriceAtQuery = Type.Object({
  token_address: Address('The token contract.', EXAMPLE_TOKEN),
  at_time: Time('The time of the price.'),
})

const PriceUsd = ExactNumber({
  description: 'US dollars for one token. 0 if it is not known: the vendor has no null here.',
})

export const PriceAnswer = Type.Object(
  {
    ...Success,
    data: Type.Object({ token_address: Type.String(), price_usd: PriceUsd, force_refresh: Type.Boolean() }),
  },
  { title: 'TokenKitPriceAnswer' },
)

export const PriceAtAnswer = Type.Object(
  { ...Success, data: Type.Object({ token_address: Type.String(), price_usd: PriceUsd, at_time: Type.String() }) },
  { title: 'TokenKitPriceAtAnswer' },
)

const Chunk = Type.Object({
  name: Type.String(),
  range: Type.Array(OrNull(Type.Integer())),
  latest_block: OrNull(Type.Integer()),
  transfers: Type.Integer(),
  percent: OrNull(Type.Number()),
})

export const ProgressAnswer = Type.Object(
  {
    network: Type.String(),
    chunks: Type.Array(Chunk),
    totals: Type.Object({ transfers: Type.Integer(), latest_block_overall: OrNull(Type.Integer()) }),
  },
  { title: 'TokenKitProgress' },
)

export const LoginBody = Type.Object({
  username: Type.String({ minLength: 1, maxLength: 256, examples: ['demo'] }),
  password: Type.String({ minLength: 1, maxLength: 65_536, examples: ['demo password'] }),
})

export const LoginAnswer = Type.Object(
  { token: Type.String({ description: 'A session of 24 hours.' }) },
  { title: 'TokenKitLogin' },
)

export const CreateKeyBody = Type.Object({
  name: Type.String({
    minLength: 1,
    maxLength: MAX_KEY_NAME_CHARACTERS,
    pattern: LABEL_PATTERN,
    description: 'Not blank, without control and direction characters.',
    examples: ['wallet'],
  }),
  allowed_origins: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 100 })),
  allowed_ips: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 100 })),
})

export const CreateKeyAnswer = Type.Object(
  {
    api_key: Type.String({ description: 'Shown once.' }),
    name: Type.String(),
    allowed_origins: Type.Array(Type.String()),
    allowed_ips: Type.Array(Type.String()),
    created_at: Type.String(),
  },
  { title: 'TokenKitKey' },
)
