import { Type } from 'typebox'
import { AnyJson, ExactNumber, OrNull } from '../../schema/json-schema.ts'
import type { WrittenObject } from '../../schema/serialise.ts'

/** An account of Starknet, as the vendor's own examples show it. */
export const EXAMPLE_ACCOUNT = '0x00000005dd3d2f4429af886cd1a3b08289dbcea99a294197e9eb43b0e0325b4b'
/** A token of Starknet, as the vendor's own examples show it. */
export const EXAMPLE_TOKEN = '0x053c91253bc9682c04929ca02ed00b3e423f6710d2ee7e0d5ebb06f3ecf368a8'

/** Seconds for which a stored balance counts as fresh, unless the caller says otherwise. */
export const DEFAULT_MAX_AGE = 300

/** Most pairs of one batch. */
export const MAX_PAIRS = 20

/** The schema of an address parameter. */
export const Address = (description: string, example: string) => Type.String({ description, examples: [example] })

const Freshness = {
  force_refresh: Type.Boolean({ default: false, description: 'Read the chain even if the stored balance is fresh.' }),
  max_age: Type.Integer({
    minimum: 0,
    default: DEFAULT_MAX_AGE,
    description: 'Seconds for which a stored balance is fresh. 0 reads the chain.',
  }),
}

export const BalanceQuery = Type.Object({
  account_address: Address('The account.', EXAMPLE_ACCOUNT),
  token_address: Address('The token contract.', EXAMPLE_TOKEN),
  ...Freshness,
})

export const BatchBody = Type.Object({
  balances: Type.Array(AnyJson({ description: 'An object `{account_address, token_address}`.' }), {
    minItems: 1,
    maxItems: MAX_PAIRS,
    description: 'The pairs. A pair that fails is in `errors`.',
    examples: [[{ account_address: EXAMPLE_ACCOUNT, token_address: EXAMPLE_TOKEN }]],
  }),
  ...Freshness,
})

export const AccountBalancesQuery = Type.Object({
  account_address: Address('The account.', EXAMPLE_ACCOUNT),
  ...Freshness,
})

const Amount = Type.String({ description: 'Base units, decimal.' })
const Usd = Type.Union([ExactNumber({ description: 'The exact product. Null if the price is unknown.' }), Type.Null()])

const BalanceRow = Type.Object(
  {
    account_address: Type.String(),
    token_address: Type.String(),
    balance: Amount,
    balance_usd: Usd,
    last_updated: Type.String({ description: 'When the balance was last known to be true: UTC, `+00:00`.' }),
  },
  { title: 'TokenKitBalance' },
)

const PairError = Type.Object(
  {
    account_address: Type.Union([Type.String(), Type.Null()]),
    token_address: Type.Union([Type.String(), Type.Null()]),
    error: Type.String(),
  },
  { title: 'TokenKitPairError' },
)

/** The mark of a successful answer. */
export const Success = { success: Type.Unsafe<true>({ type: 'boolean', const: true }) }

export const BalanceAnswer = Type.Object({ ...Success, data: BalanceRow }, { title: 'TokenKitBalanceAnswer' })

export const BatchAnswer = Type.Object(
  { ...Success, data: Type.Array(BalanceRow), errors: Type.Union([Type.Array(PairError), Type.Null()]) },
  { title: 'TokenKitBalancesAnswer' },
)

const AccountTokenInfo = Type.Object({
  address: Type.String(),
  symbol: OrNull(Type.String()),
  name: OrNull(Type.String()),
  decimals: OrNull(Type.Integer()),
  current_price_usd: OrNull(Type.String()),
  logo: OrNull(Type.String()),
})

export const AccountToken = Type.Object(
  {
    id: Type.Integer({ description: 'Stays the same when the chain is indexed anew.' }),
    account: Type.Object({ address: Type.String() }),
    token: AccountTokenInfo,
    balance: OrNull(Type.String({ description: 'Base units, decimal. Null if unknown.' })),
    balance_usd: OrNull(Type.String({ description: 'The exact product. Null if unknown.' })),
    last_updated: OrNull(Type.String({ description: 'When the balance was last known to be true: UTC, `Z`.' })),
  },
  { title: 'TokenKitAccountToken' },
)

export const AccountBalancesAnswer = Type.Object(
  { ...Success, count: Type.Integer(), data: Type.Array(Type.Unsafe<WrittenObject>(AccountToken)) },
  { title: 'TokenKitAccountBalancesAnswer' },
)

export const ErrorBody = Type.Object(
  {
    success: Type.Unsafe<false>({ type: 'boolean', const: false }),
    error: Type.String(),
    allowed_filters: Type.Optional(Type.Array(Type.String(), { description: 'Transfers: which filters there are.' })),
  },
  { title: 'TokenKitError' },
)

export const DetailBody = Type.Object({ detail: Type.String() }, { title: 'TokenKitDetail' })
