import { Type } from 'typebox'
import { SCOPES } from '../../../access/scopes.ts'
import { MAX_DECIMAL_TEXT } from '../../../core/amount.ts'
import {
  MAX_REQUEST_ID_CHARACTERS,
  MAX_WALLET_NAME_CHARACTERS,
  WALLET_STATUSES,
  WALLET_TYPES,
} from '../../../core/custody.ts'
import { LABEL_PATTERN } from '../../../core/label.ts'
import { AnyJson, JsonText, OrNull } from '../../schema/json-schema.ts'
import { Cursors, One, Paging, Rows, Uuid } from './schema.ts'

/** Longest name of a key, in characters. */
const MAX_KEY_NAME = 100

const Name = (description: string, maxLength = MAX_WALLET_NAME_CHARACTERS) =>
  Type.String({ minLength: 1, maxLength, pattern: LABEL_PATTERN, description })
const WalletType = Type.String({ enum: [...WALLET_TYPES], description: 'The vendor has both; no keys are held here.' })
const WalletStatus = Type.String({ enum: [...WALLET_STATUSES] })
const Metadata = AnyJson({
  description: 'A JSON object without private keys. With an `xpub` in it, EVM addresses can be derived.',
})
const Time = Type.String({ description: 'UTC, whole seconds, `Z`.' })

export const WalletPath = Type.Object({ wallet_uuid: Uuid('The wallet.') })
export const HoldPath = Type.Object({ wallet_uuid: Uuid('The wallet.'), hold_id: Uuid('The hold.') })

export const CreateWalletBody = Type.Object({
  wallet_type: WalletType,
  name: Name('A name for people.'),
  metadata: Type.Optional(Metadata),
})

export const UpdateWalletBody = Type.Object({
  name: Type.Optional(Name('A name for people.')),
  status: Type.Optional(WalletStatus),
  metadata: Type.Optional(Metadata),
})

export const WalletsQuery = Type.Object({
  include_archived: Type.Boolean({ default: false, description: 'List archived wallets too.' }),
  ...Paging,
})

const WalletRead = Type.Object(
  {
    uuid: Uuid('The wallet.'),
    wallet_type: WalletType,
    name: Type.String(),
    owner_id: Uuid("Derived from the key's principal."),
    cobo_wallet_id: Type.String({ description: 'The wallet, as `uuid`.' }),
    status: WalletStatus,
    metadata: JsonText({ description: 'The JSON object that its owner gave.' }),
    created_at: Time,
    updated_at: Time,
    main_node_id: Type.Null({ description: 'No nodes hold shares of keys here.' }),
  },
  { title: 'CoboWallet' },
)

/** One wallet. */
export const WalletAnswer = One(WalletRead, 'CoboWalletAnswer')
/** A page of wallets. */
export const WalletsAnswer = Rows(WalletRead, 'CoboWallets')

export const AddressesQuery = Type.Object(Paging)

export const AddAddressBody = Type.Object({
  chain_id: Type.Optional(Type.String({ minLength: 1, description: 'A chain of the family, such as `ETH`.' })),
  chain_type: Type.Optional(
    Type.String({ minLength: 1, description: 'The family, such as `ETH`. One of the two is needed.' }),
  ),
  address: Type.Optional(
    Type.String({ minLength: 1, description: 'The address to watch. Without it, the next one below the `xpub`.' }),
  ),
})

const AddressRead = Type.Object(
  {
    wallet_id: Uuid('The wallet.'),
    chain_type: Type.String(),
    compatible_chains: Type.Array(Type.String(), { description: 'The chains on which the address is watched.' }),
    address: Type.String(),
    created_at: Time,
    updated_at: Time,
  },
  { title: 'CoboAddress' },
)

/** One address of a wallet. */
export const AddressAnswer = One(AddressRead, 'CoboAddressAnswer')
/** A page of addresses. */
export const AddressesAnswer = Rows(AddressRead, 'CoboAddresses')

export const PlaceHoldBody = Type.Object({
  token_id: Type.String({ minLength: 1, description: 'The token, as in the list of balances.' }),
  address: Type.String({ minLength: 1, description: 'An address of the wallet.' }),
  amount: Type.String({
    minLength: 1,
    maxLength: MAX_DECIMAL_TEXT,
    description: 'Decimal text in whole tokens, at most the `amount` of the balance.',
  }),
  request_id: Type.String({
    minLength: 1,
    maxLength: MAX_REQUEST_ID_CHARACTERS,
    pattern: LABEL_PATTERN,
    description: 'Your own id: a repeat returns the first hold.',
  }),
})

const HoldRead = Type.Object(
  {
    id: Uuid('The hold.'),
    wallet_uuid: Uuid('The wallet.'),
    address: Type.String(),
    token_id: Type.String(),
    amount: Type.String({ description: 'Decimal text in whole tokens.' }),
    request_id: Type.String(),
    status: Type.String({ enum: ['active', 'released'] }),
    created_at: Time,
  },
  { title: 'CoboHold' },
)

/** One hold. */
export const HoldAnswer = One(HoldRead, 'CoboHoldAnswer')
/** Success without a result. */
export const NothingAnswer = One(Type.Null(), 'CoboNothing')

const KeyScopes = Type.Array(Type.String({ enum: [...SCOPES] }), { minItems: 1, maxItems: SCOPES.length })

export const CreateKeyBody = Type.Object({
  name: Name('What the key is for.', MAX_KEY_NAME),
  scopes: Type.Optional(KeyScopes),
  expires_at: Type.Optional(
    Type.String({ maxLength: 40, description: 'A time in the future, such as `2030-01-31T12:00:00Z`.' }),
  ),
})

const KeyRead = Type.Object(
  {
    id: Type.String({ description: 'The part of the key before the dot.' }),
    name: Type.String(),
    scopes: Type.Array(Type.String()),
    status: Type.String({ enum: ['active', 'expired', 'revoked', 'disabled'] }),
    created_at: Time,
    expires_at: OrNull(Time),
    last_used_at: OrNull(Time),
  },
  { title: 'CoboApiKey' },
)

export const KeyPath = Type.Object({
  key_id: Type.String({ pattern: '^[0-9A-Za-z]{8}$', description: 'The id of a key.' }),
})
/** A new key, with its text. */
export const CreatedKeyAnswer = One(
  Type.Object({ api_key: KeyRead, raw_key: Type.String({ description: 'The key. It is not shown again.' }) }),
  'CoboCreatedApiKey',
)
/** The keys of a principal. */
export const KeysAnswer = One(Type.Array(KeyRead), 'CoboApiKeys')

const Pagination = Type.Object({
  before: OrNull(Type.String()),
  after: OrNull(Type.String()),
  total_count: Type.Integer(),
})

const ChainRead = Type.Object(
  {
    chain_id: Type.String(),
    chain_type: Type.String(),
    chain_identifier: Type.String({ description: 'The CAIP-2 id.' }),
    native_token_id: OrNull(Type.String()),
    compatible_chains: Type.Array(Type.String()),
  },
  { title: 'CoboChain' },
)

const TokenFields = {
  token_id: Type.String(),
  chain_id: Type.String(),
  asset_identifier: Type.String({ description: 'The CAIP-19 id.' }),
  token_address: OrNull(Type.String({ description: 'Null for a native asset.' })),
  symbol: OrNull(Type.String()),
  name: OrNull(Type.String()),
  decimal: OrNull(Type.Integer()),
  icon_url: OrNull(Type.String()),
  is_listed: Type.Boolean({ description: 'A configured token list has it.' }),
}
const TokenRead = Type.Object(TokenFields, { title: 'CoboToken' })

export const MetadataQuery = Type.Object({
  chain_ids: Type.Optional(Type.String({ description: 'Only these chains, separated by commas.' })),
  ...Cursors,
})
/** The configured chains. */
export const ChainsAnswer = One(Type.Object({ data: Type.Array(ChainRead), pagination: Pagination }), 'CoboChains')
/** A page of assets. */
export const AssetsAnswer = One(Type.Object({ data: Type.Array(TokenRead), pagination: Pagination }), 'CoboAssets')

export const TokenSearchQuery = Type.Object({
  symbol: Type.String({ maxLength: 64, description: 'The symbol, in any case of its letters.' }),
  chain_id: Type.Optional(Type.String({ description: 'Only on this chain.' })),
  limit: Cursors.limit,
})
/** Tokens that a search found. */
export const TokenSearchAnswer = One(Type.Array(TokenRead), 'CoboTokens')

export const CoinPriceQuery = Type.Object({
  asset_coins: Type.String({ description: 'Token ids or symbols, separated by commas.', examples: ['ETH,USDC'] }),
  currency: Type.String({ enum: ['USD'], default: 'USD' }),
})
/** Prices by coin. */
export const CoinPriceAnswer = One(
  Type.Record(Type.String(), Type.String(), {
    description: 'Prices as decimal text. A coin without a known price is left out.',
  }),
  'CoboCoinPrices',
)

/** The server answers. */
export const PingAnswer = One(Type.Object({ status: Type.String(), timestamp: Time }), 'CoboPing')
