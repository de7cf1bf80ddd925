import { type TSchema, Type } from 'typebox'
import { LABEL_PATTERN } from '../../../core/label.ts'
import {
  MAX_ASSET_NAME_CHARACTERS,
  MAX_ASSET_SYMBOL_CHARACTERS,
  MAX_LEDGER_ID_CHARACTERS,
  MAX_OPERATION_AMOUNT,
} from '../../../ledger/ledger.ts'

function Text(maxLength: number, example: string) {
  return Type.String({ minLength: 1, maxLength, pattern: LABEL_PATTERN, examples: [example] })
}

/** The schema of an id. Any such text is valid. Ids are compared exactly: nothing is trimmed, folded or normalised. */
function Id(description: string, example: string) {
  return Type.String({ ...Text(MAX_LEDGER_ID_CHARACTERS, example), description })
}

const ASSET = 'UKGILT2030'
const WALLET = '0xDEF456...'
const AssetId = Id(
  'The asset: any text of 1 to 256 characters that is not blank and has no control or direction characters.',
  ASSET,
)
const Amount = Type.Integer({
  minimum: 1,
  maximum: Number(MAX_OPERATION_AMOUNT),
  description: 'Whole tokens: a JSON number with digits only, not text.',
  examples: [100],
})

const Limit = Type.Integer({ minimum: 1, maximum: 1_000, default: 100, description: 'Rows on a page.' })

export const BalanceQuery = Type.Object({
  asset_id: Id('ID of the asset to query.', ASSET),
  wallet_address: Id('Wallet to check balance for.', WALLET),
})

export const MintBody = Type.Object(
  { asset_id: AssetId, amount: Amount, recipient_wallet_address: Id('Wallet that receives the tokens.', WALLET) },
  { title: 'MintTokenRequest' },
)

export const TransferBody = Type.Object(
  {
    asset_id: AssetId,
    amount: Amount,
    from_wallet: Id('Wallet that sends the tokens.', WALLET),
    to_wallet: Id('Wallet that receives the tokens.', '0xABC123...'),
  },
  { title: 'TransferTokenRequest' },
)

export const BurnBody = Type.Object(
  { asset_id: AssetId, amount: Amount, holder_wallet_address: Id('Wallet that the tokens are burned from.', WALLET) },
  { title: 'BurnTokenRequest' },
)

export const AssetBody = Type.Object(
  {
    asset_id: AssetId,
    name: Type.Optional(Text(MAX_ASSET_NAME_CHARACTERS, 'UK Gilt 2030')),
    symbol: Type.Optional(Text(MAX_ASSET_SYMBOL_CHARACTERS, 'GILT30')),
    reissue: Type.Optional(
      Type.Boolean({ description: 'True: the asset can be minted more than once. Default: false.' }),
    ),
  },
  { title: 'RegisterAssetRequest' },
)

export const WalletBody = Type.Object({ wallet_address: Id('The wallet.', WALLET) }, { title: 'RegisterWalletRequest' })

export const AssetsQuery = Type.Object({
  after: Type.Optional(Id('Only assets registered after this one: `next` of the previous page.', ASSET)),
  limit: Limit,
})

export const TransactionsQuery = Type.Object({
  asset_id: Type.Optional(Id('Only operations on this asset.', ASSET)),
  wallet_address: Type.Optional(Id('Only operations that this wallet took part in.', WALLET)),
  after: Type.Integer({
    minimum: 0,
    // The answer repeats the value as `next`, so it must not be rounded.
    maximum: Number.MAX_SAFE_INTEGER,
    default: 0,
    description: 'Only operations after this sequence: `next` of the previous page.',
  }),
  limit: Limit,
})

/** The request headers of every POST. */
export const WriteHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{1,255}$',
      description:
        'Makes a retry safe. The same key with the same body returns the first answer, also after a restart. The same key with another body is a conflict.',
      examples: ['4f1c2f5e-0d2b-4a4e-9a54-1f6f2b0a7c11'],
    }),
  ),
})

/** A number of tokens in an answer, exact at any size. */
function Tokens(description: string) {
  return Type.Unsafe<bigint>({ type: 'integer', description })
}

export const BalanceAnswer = Type.Object(
  {
    asset_id: Type.String(),
    wallet_address: Type.String(),
    balance: Tokens('Whole tokens, exact at any size.'),
  },
  { title: 'TokenBalance' },
)

const Success = { status: Type.Literal('success') }

export const MintAnswer = Type.Object(
  {
    ...Success,
    token_id: Type.String({ description: 'TOKEN-n: the n-th mint of this ledger.' }),
    asset_id: Type.String(),
    amount: Tokens('Whole tokens.'),
    assigned_to: Type.String(),
  },
  { title: 'TokenMinted' },
)

const TransactionId = Type.String({ description: 'TX-n: the n-th transfer or burn of this ledger.' })

export const TransferAnswer = Type.Object(
  {
    ...Success,
    asset_id: Type.String(),
    amount_transferred: Tokens('Whole tokens.'),
    from_wallet: Type.String(),
    to_wallet: Type.String(),
    transaction_id: TransactionId,
  },
  { title: 'TokenTransferred' },
)

export const BurnAnswer = Type.Object(
  {
    ...Success,
    asset_id: Type.String(),
    amount_burned: Tokens('Whole tokens.'),
    holder_wallet_address: Type.String(),
    transaction_id: TransactionId,
  },
  { title: 'TokenBurned' },
)

const Nullable = <T extends TSchema>(type: T) => Type.Union([type, Type.Null()])
const AssetFields = {
  asset_id: Type.String(),
  name: Nullable(Type.String()),
  symbol: Nullable(Type.String()),
  reissue: Type.Boolean({ description: 'True: the asset can be minted more than once.' }),
}

export const AssetAnswer = Type.Object({ ...Success, ...AssetFields }, { title: 'AssetRegistered' })

export const WalletAnswer = Type.Object({ ...Success, wallet_address: Type.String() }, { title: 'WalletRegistered' })

export const AssetsAnswer = Type.Object(
  {
    assets: Type.Array(Type.Object(AssetFields, { title: 'IssuedAsset' })),
    next: Nullable(Type.String({ description: 'The `after` of the next page; null on the last.' })),
  },
  { title: 'IssuedAssets' },
)

const Transaction = Type.Object(
  {
    sequence: Type.Integer({ description: "The operation's position in the record, from 1: its block number." }),
    type: Type.String({ enum: ['register_asset', 'register_wallet', 'mint', 'transfer', 'burn'] }),
    timestamp: Type.String({ description: 'UTC, whole seconds.' }),
    hash: Type.String({ description: 'Hash over this operation and all before it.' }),
    token_id: Type.Optional(Type.String({ description: 'Only for mints.' })),
    transaction_id: Type.Optional(Type.String({ description: 'Only for transfers and burns.' })),
    asset_id: Type.Optional(Type.String({ description: 'For all operations except the registration of a wallet.' })),
    name: Type.Optional(Type.String({ description: 'Only for the registration of an asset with a name.' })),
    symbol: Type.Optional(Type.String({ description: 'Only for the registration of an asset with a symbol.' })),
    amount: Type.Optional(Tokens('Whole tokens that were minted, transferred or burned.')),
    reissue: Type.Optional(Type.Boolean({ description: 'Only for the registration of an asset.' })),
    from_wallet: Type.Optional(Type.String({ description: 'The sender of a transfer, or the wallet of a burn.' })),
    to_wallet: Type.Optional(Type.String({ description: 'The receiver of a transfer or a mint.' })),
    wallet_address: Type.Optional(Type.String({ description: 'The registered wallet.' })),
  },
  { title: 'LedgerTransaction' },
)

export const TransactionsAnswer = Type.Object(
  {
    transactions: Type.Array(Transaction),
    next: Type.Integer({
      description: 'The `after` of the next page. The last page has it too: use it later to get newer operations.',
    }),
    has_more: Type.Boolean({ description: 'True if another page exists already.' }),
  },
  { title: 'LedgerTransactions' },
)

export const ErrorBody = Type.Object(
  {
    status: Type.Literal('error'),
    status_code: Type.Integer({ description: 'The HTTP status.' }),
    error_code: Type.String(),
    message: Type.String(),
    error: Type.Object(
      {
        code: Type.String(),
        message: Type.String({ description: 'With INVALID_INPUT: the wrong field and its problem.' }),
        field: Type.Optional(Type.String({ description: 'With INVALID_INPUT: the first wrong field or parameter.' })),
      },
      { title: 'AbcLabsErrorCode' },
    ),
  },
  { title: 'AbcLabsError' },
)
