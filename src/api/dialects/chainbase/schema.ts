import { Type } from 'typebox'
import { ExactNumber, JOINS, LOWER_CASE } from '../../schema/json-schema.ts'
import type { WrittenObject } from '../../schema/serialise.ts'

/** The vendor's own pattern of an address: https://docs.chainbase.com, Get ERC20 token balances. */
const ADDRESS_PATTERN = '^0[xX]{1}[a-fA-F0-9]{40}$'

/** Maximum number of contracts in one call. */
const MAX_CONTRACTS = 100

const ChainIdParameter = Type.String({ description: 'Chain id in decimal.', examples: ['1'] })

/** A well-known account and token of Ethereum. The documentation page replaces them if the server knows others. */
const ACCOUNT = '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045'
const TOKEN = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'

function Address(description: string, example = ACCOUNT) {
  return Type.String({
    description,
    pattern: ADDRESS_PATTERN,
    examples: [example],
    [LOWER_CASE]: true,
  })
}

const Paging = {
  limit: Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'Rows on a page.' }),
  page: Type.Integer({ minimum: 1, default: 1, description: 'Which page, from 1.' }),
}

const BlockNumber = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }))
const Seconds = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }))

export const AccountTokensQuery = Type.Object({
  chain_id: ChainIdParameter,
  address: Address('The account.'),
  contract_address: Type.Optional(
    Type.Array(Address('A contract.', TOKEN), {
      description:
        'Only these contracts, separated by commas. Contracts that were never indexed are read from the chain.',
      maxItems: MAX_CONTRACTS,
      style: 'form',
      explode: false,
      [JOINS]: true,
    }),
  ),
  ...Paging,
})

export const AccountBalanceQuery = Type.Object({
  chain_id: ChainIdParameter,
  address: Address('The account.'),
  to_block: Type.Optional(
    Type.String({
      pattern: '^(?:[0-9]{1,15}|latest)$',
      description: 'The balance as of this block: a number, or `latest`.',
      examples: ['latest'],
    }),
  ),
})

export const TokenQuery = Type.Object({ chain_id: ChainIdParameter, contract_address: Address('The token.', TOKEN) })

export const TokenPageQuery = Type.Object({
  chain_id: ChainIdParameter,
  contract_address: Address('The token.', TOKEN),
  ...Paging,
})

export const TransfersQuery = Type.Object({
  chain_id: ChainIdParameter,
  contract_address: Address('The token.', TOKEN),
  address: Type.Optional(Address('Only transfers from or to this account.')),
  from_block: BlockNumber('First block, inclusive.'),
  to_block: BlockNumber('Last block, inclusive.'),
  from_timestamp: Seconds('Earliest block time in Unix seconds, inclusive.'),
  end_timestamp: Seconds('Latest block time in Unix seconds, inclusive.'),
  ...Paging,
})

const Logo = Type.Object(
  { uri: Type.String(), width: Type.Integer(), height: Type.Integer() },
  { title: 'TokenMetaLogo' },
)
const Url = Type.Object({ name: Type.String(), url: Type.String() }, { title: 'TokenMetaURL' })

const Described = {
  contract_address: Type.String({ description: 'In lower case.' }),
  decimals: Type.Integer({ description: '0 if unknown; `decimals_known` is then false.' }),
  decimals_known: Type.Optional(Type.Boolean({ description: 'Present, and false, only if the decimals are unknown.' })),
  name: Type.String({ description: 'Empty if unknown.' }),
  symbol: Type.String({ description: 'Empty if unknown.' }),
  total_supply: Type.Optional(Type.String({ description: 'Base units, decimal. Absent if unknown.' })),
  logos: Type.Array(Logo),
  urls: Type.Array(Url),
  current_usd_price: Type.Optional(ExactNumber({ description: 'US dollars for one token. Absent if unknown.' })),
}

export const TokenDescription = Type.Object(Described, { title: 'TokenDescription' })

export const TokenMeta = Type.Object(
  {
    ...Described,
    balance: Type.String({ description: 'Base units: 0x and hex digits, or decimal by configuration.' }),
  },
  { title: 'TokenMeta' },
)

const Ok = {
  code: Type.Unsafe<0>({ type: 'integer', const: 0, description: 'Success.' }),
  message: Type.Literal('ok'),
}
const Page = {
  next_page: Type.Optional(Type.Integer({ description: 'Present only if another page exists.' })),
  count: Type.Integer({ description: 'All rows that match, on all pages.' }),
}

export const AccountTokensAnswer = Type.Object(
  { ...Ok, data: Type.Array(Type.Unsafe<WrittenObject>(TokenMeta)), ...Page },
  { title: 'ResponseGetAccountTokens' },
)

export const AccountBalanceAnswer = Type.Object(
  { ...Ok, data: Type.String({ description: 'Base units: 0x and hex digits, or decimal by configuration.' }) },
  { title: 'ResponseGetAccountBalance' },
)

const TokenMetadata = Type.Object(
  {
    ...Described,
    accounting: Type.Optional(
      Type.Union([Type.Literal('events'), Type.Literal('reads')], {
        description:
          'How balances are known: `events` as the sum of events, `reads` by reading the chain. Absent if the token was never indexed.',
      }),
    ),
  },
  { title: 'TokenMetadata' },
)

export const TokenMetadataAnswer = Type.Object({ ...Ok, data: TokenMetadata }, { title: 'ResponseGetTokenMetadata' })

export const TokenHoldersAnswer = Type.Object(
  { ...Ok, data: Type.Array(Type.String()), ...Page },
  { title: 'ResponseGetTokenHolders' },
)

const TopHolder = Type.Object(
  {
    wallet_address: Type.String(),
    original_amount: Type.String({ description: 'Base units, decimal.' }),
    amount: Type.Optional(Type.String({ description: 'Whole tokens. Absent if the decimals are unknown.' })),
  },
  { title: 'TopHolder' },
)

export const TopHoldersAnswer = Type.Object(
  { ...Ok, data: Type.Array(TopHolder), ...Page },
  { title: 'ResponseGetTopTokenHolders' },
)

const Price = Type.Object(
  {
    price: Type.Optional(ExactNumber({ description: 'US dollars for one token. Absent if unknown.' })),
    symbol: Type.String({ description: 'Empty if unknown.' }),
    source: Type.Optional(Type.String()),
    updated_at: Type.Optional(Type.String({ description: 'UTC, whole seconds.' })),
  },
  { title: 'TokenPrice' },
)

export const TokenPriceAnswer = Type.Object({ ...Ok, data: Price }, { title: 'ResponseGetTokenPrice' })

const TokenTransfer = Type.Object(
  {
    block_number: Type.Integer(),
    block_timestamp: Type.String({ description: 'UTC, whole seconds.' }),
    transaction_hash: Type.String(),
    log_index: Type.Integer(),
    contract_address: Type.String(),
    from_address: Type.String({ description: 'The zero address for a mint.' }),
    to_address: Type.String({ description: 'The zero address for a burn.' }),
    value: Type.String({ description: 'Base units, decimal.' }),
  },
  { title: 'TokenTransfer' },
)

export const TokenTransfersAnswer = Type.Object(
  { ...Ok, data: Type.Array(TokenTransfer), ...Page },
  { title: 'ResponseGetTokenTransfers' },
)

export const ErrorMessage = Type.Object(
  {
    code: Type.Integer({ description: 'The HTTP status.' }),
    message: Type.String(),
    error: Type.String({ description: 'Repeats the message.' }),
  },
  { title: 'ErrorMessage' },
)
