import { Type } from 'typebox'
import { ExactNumber, OrNull } from '../../schema/json-schema.ts'
import type { WrittenObject } from '../../schema/serialise.ts'

/** An address and a token of Chia's main network, as the vendor's own examples show them. */
const EXAMPLE_ADDRESS = 'xch1a6cd558gqsz2hch5pt0l8mx7zhavf32q5lyde09zjtqcmkelr9ns59k0j8'
const EXAMPLE_TOKEN = '14b40962dfef81d954ac0d92b51ec21ce7acd8c62dd9fef9303aa51c615cb495'

/** Most CATs of the list of all, which has no paging. */
export const MAX_CATS = 10_000

export const AddressParams = Type.Object({
  address: Type.String({
    description: 'An address in bech32m. The prefixes `xch` and `txch` mean the same on every chain.',
    examples: [EXAMPLE_ADDRESS],
  }),
})

const Bound = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }))

/** The parameters of a window. Both ends of one kind, or none. */
const Window = {
  start_block: Bound('Only coins received in or after this block, and still unspent. Needs `end_block`.'),
  end_block: Bound('Only coins received in or before this block.'),
  start_timestamp: Bound('Only coins received at or after this time (Unix seconds). Needs `end_timestamp`.'),
  end_timestamp: Bound('Only coins received at or before this time.'),
}

export const WindowQuery = Type.Object(Window)

export const XchBalanceQuery = Type.Object({
  include_dust: Type.Boolean({ default: false, description: 'Count coins below 10,000 mojo too.' }),
  ...Window,
})

export const TokenParams = Type.Object({
  token: Type.String({
    description: 'A CAT: its asset id, or its token id `tkn1…`.',
    examples: [EXAMPLE_TOKEN],
  }),
})

const Status = { status: Type.Unsafe<'success'>({ type: 'string', const: 'success' }) }

const Names = {
  asset_id: Type.String({ description: 'The TAIL hash: 64 hex digits in lower case.' }),
  token_id: Type.String({ description: 'The same in bech32m: `tkn1…`.' }),
  name: OrNull(Type.String({ description: 'Null if no token list has it.' })),
  symbol: OrNull(Type.String({ description: 'Null if no token list has it.' })),
}

export const TokenName = Type.Object(Names)

const Prices = {
  price: OrNull(ExactNumber({ description: 'US dollars for one CAT. Null if unknown.' })),
  price_xch: OrNull(ExactNumber({ description: 'XCH for one CAT, cut after 18 decimal places. Null if unknown.' })),
}

const Extended = {
  ...Prices,
  total_value: OrNull(ExactNumber({ description: 'The exact product in US dollars. Null if unknown.' })),
  preview_url: OrNull(Type.String({ description: 'The logo. Null if no token list has it.' })),
}

const Balance = { balance: ExactNumber({ description: 'CATs. One CAT is 1000 mojo.' }) }

export const ExtendedRow = Type.Object({ ...Names, ...Balance, ...Extended })

export const TokenBalanceRow = Type.Object(
  { ...Names, ...Balance, ...Type.Partial(Type.Object(Extended)).properties },
  { title: 'SpacescanTokenBalance' },
)

const Rows = (description: string) => Type.Array(Type.Unsafe<WrittenObject>(TokenBalanceRow), { description })

export const TokenBalanceAnswer = Type.Object(
  {
    ...Status,
    balance: Rows('By value in US dollars, then by balance, both descending, then by asset id.'),
    data: Rows('The same as `balance`.'),
  },
  { title: 'SpacescanTokenBalances' },
)

export const XchBalanceAnswer = Type.Object(
  {
    ...Status,
    xch: ExactNumber({ description: 'XCH. One XCH is 10^12 mojo.' }),
    mojo: Type.Unsafe<bigint>({ type: 'integer', description: 'The same in mojo.' }),
  },
  { title: 'SpacescanXchBalance' },
)

const Link = OrNull(Type.String({ description: 'Null if no token list has it.' }))

const Described = {
  ...Names,
  description: Link,
  preview_url: Link,
  twitter: Link,
  discord: Link,
  website: Link,
}

export const CatRow = Type.Object({ ...Described, tags: Type.Array(Type.String()) }, { title: 'SpacescanCat' })

export const TokenInfoAnswer = Type.Object(
  {
    ...Status,
    info: Type.Object(
      {
        ...Described,
        tags: OrNull(Type.String({ description: 'Separated by commas.' })),
        type: Type.Unsafe<'CAT2'>({ type: 'string', const: 'CAT2' }),
        precision: Type.Integer({ description: 'Decimal places of a balance.' }),
        ...Type.Partial(Type.Object(Prices)).properties,
      },
      { title: 'SpacescanTokenInfo' },
    ),
  },
  { title: 'SpacescanTokenInfoAnswer' },
)

export const TokensAnswer = Type.Object(
  { ...Status, cats: Type.Array(CatRow, { description: `At most ${MAX_CATS}: those of token lists first.` }) },
  { title: 'SpacescanCats' },
)

export const ErrorBody = Type.Object(
  { status: Type.Unsafe<'failed'>({ type: 'string', const: 'failed' }), message: Type.String() },
  { title: 'SpacescanError' },
)
