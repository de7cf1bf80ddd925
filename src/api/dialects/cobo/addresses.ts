import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import type { Kind } from '../../../core/chain.ts'
import type { WatchedAddress } from '../../../core/custody.ts'
import type { Reply } from '../../http/route.ts'
import { zulu } from '../../http/utc-time.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { ParameterError } from '../../schema/query.ts'
import { principalOf } from './access.ts'
import type { CursorList } from './cursor.ts'
import type { CoboDeps } from './deps.ts'
import { one, rowsWith } from './envelope.ts'
import { wrongValue } from './errors.ts'
import { chainTypeOf, familyOf } from './families.ts'
import { metaOf, pageOf, ROW_KEYS } from './paging.ts'
import type { AddAddressBody, AddressAnswer, AddressesAnswer, AddressesQuery } from './schema-wallets.ts'
import { chainById, compatibleChains } from './vendor-ids.ts'
import { mustExist } from './wallets.ts'

type Row = Answer<Static<typeof AddressAnswer>>['result']

/**
 * Watches an address of a wallet on all configured chains of its family. Without an address it is the next one below the
 * wallet's `xpub`. @throws NOT_FOUND, ParameterError, BAD_REQUEST, STORE_UNAVAILABLE
 */
export async function addAddress(
  deps: CoboDeps,
  { wallet, body }: { readonly wallet: string; readonly body: Static<typeof AddAddressBody> },
  request: FastifyRequest,
): Promise<Reply<Answer<Static<typeof AddressAnswer>>>> {
  const principal = principalOf(request)
  const { addresses, wallets } = deps.custody
  mustExist(await wallets.get({ principal, wallet }))
  const family = await namedFamily(deps, body)
  const { address } = body
  const watched =
    address === undefined
      ? await addresses.deriveNext({ principal, wallet, family })
      : await addresses.watch({ principal, wallet, family, address })
  const row = mustExist(watched)
  return { status: 201, body: one(rowOf(row, await compatibleChains(deps, row.family))) }
}

/** A page of a wallet's addresses, in the order in which they were added. @throws NOT_FOUND, ParameterError */
export async function listAddresses(
  deps: CoboDeps,
  { wallet, query }: { readonly wallet: string; readonly query: Static<typeof AddressesQuery> },
  request: FastifyRequest,
): Promise<Reply<Answer<Static<typeof AddressesAnswer>>>> {
  const principal = principalOf(request)
  const list: CursorList = { name: 'addresses', principal, filters: [wallet] }
  const page = pageOf(query, list, ROW_KEYS)
  const found = mustExist(await deps.custody.addresses.list({ principal, wallet, page }))
  const families = new Map<Kind, readonly string[]>()
  for (const { family } of found.rows) {
    if (!families.has(family)) families.set(family, await compatibleChains(deps, family))
  }
  const rows = found.rows.map((row) => rowOf(row, families.get(row.family) ?? []))
  return { body: rowsWith(rows, metaOf(found, { request: page, list, keys: ROW_KEYS })) }
}

const NOT_SERVED = { is: 'value', type: 'value_error', says: 'No such chain is configured here' } as const
const DIFFER = { is: 'value', type: 'value_error', says: 'The chain is of another type' } as const

/** The family that a body names, by a chain or by a type, or by both. @throws ParameterError */
async function namedFamily(
  deps: CoboDeps,
  { chain_id, chain_type }: Pick<Static<typeof AddAddressBody>, 'chain_id' | 'chain_type'>,
): Promise<Kind> {
  const chain = chain_id === undefined ? undefined : await chainById(deps, chain_id)
  if (chain_id !== undefined && chain === undefined) throw wrongValue('body', 'chain_id', NOT_SERVED)
  if (chain_type === undefined) {
    if (chain !== undefined) return chain.kind
    throw new ParameterError([{ part: 'body', parameter: 'chain_id', problem: 'missing', type: 'string' }])
  }
  const family = familyOf(chain_type, deps.chains)
  if (family === undefined) throw wrongValue('body', 'chain_type', NOT_SERVED)
  if (chain !== undefined && chain.kind !== family) throw wrongValue('body', 'chain_type', DIFFER)
  return family
}

function rowOf({ wallet, family, address, createdAt }: WatchedAddress, compatible: readonly string[]): Row {
  const at = zulu(createdAt)
  // An address never changes once it is watched.
  const times = { created_at: at, updated_at: at }
  return { wallet_id: wallet, chain_type: chainTypeOf(family), compatible_chains: compatible, address, ...times }
}
