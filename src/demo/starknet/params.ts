import type { BlockId } from './branch.ts'
import { type Felt, parseFelt } from './felt.ts'
import { fieldsOf, invalidParams } from './json-rpc.ts'

/** The filter of `starknet_getEvents`. An absent position of `keys` matches everything. */
export type EventFilter = {
  readonly from: BlockId | undefined
  readonly to: BlockId | undefined
  readonly addresses: ReadonlySet<Felt> | undefined
  readonly keys: readonly (ReadonlySet<Felt> | undefined)[]
  /** Values in all positions of `keys`. */
  readonly keyCount: number
  readonly chunk: number
  readonly token: string | undefined
}

/** The request of `starknet_call`. */
export type FunctionCall = { readonly address: Felt; readonly selector: Felt; readonly calldata: readonly Felt[] }

/** A felt of a request, in any spelling. @throws RpcError -32602 */
export function readFelt(value: unknown, name: string): Felt {
  const felt = parseFelt(value)
  if (felt === undefined) throw invalidParams(`${name} is not a felt`)
  return felt
}

/** A block of a request: its hash, its number or a tag. @throws RpcError -32602 */
export function readBlockId(value: unknown): BlockId {
  if (value === 'latest' || value === 'l1_accepted' || value === 'pre_confirmed') return value
  const fields = fieldsOf(value)
  if (fields.size === 1 && fields.has('block_hash')) return { hash: readFelt(fields.get('block_hash'), 'block_hash') }
  const number = fields.get('block_number')
  if (fields.size === 1 && typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return { number }
  throw invalidParams('block_id is a block hash, a block number or a tag')
}

/** @throws RpcError -32602 */
export function readCall(value: unknown): FunctionCall {
  const fields = fieldsOf(value)
  return {
    address: readFelt(fields.get('contract_address'), 'contract_address'),
    selector: readFelt(fields.get('entry_point_selector'), 'entry_point_selector'),
    calldata: readFelts(fields.get('calldata'), 'calldata'),
  }
}

/** The filter of `starknet_getEvents`. A list of addresses is new in 0.10. @throws RpcError -32602 */
export function readFilter(value: unknown, { addressLists }: { readonly addressLists: boolean }): EventFilter {
  const fields = fieldsOf(value)
  const chunk = fields.get('chunk_size')
  const token = fields.get('continuation_token')
  if (typeof chunk !== 'number' || !Number.isSafeInteger(chunk) || chunk < 1)
    throw invalidParams('chunk_size is at least 1')
  if (token !== undefined && typeof token !== 'string') throw invalidParams('continuation_token is a string')
  const keys = readKeys(fields.get('keys'))
  const from = fields.get('from_block')
  const to = fields.get('to_block')
  return {
    from: from === undefined ? undefined : readBlockId(from),
    to: to === undefined ? undefined : readBlockId(to),
    addresses: readAddresses(fields.get('address'), addressLists),
    keys,
    keyCount: keys.reduce((sum, some) => sum + (some?.size ?? 0), 0),
    chunk,
    token,
  }
}

function readAddresses(value: unknown, addressLists: boolean): ReadonlySet<Felt> | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value)) return new Set([readFelt(value, 'address')])
  if (!addressLists) throw invalidParams('address is one address')
  return value.length === 0 ? undefined : new Set(readFelts(value, 'address'))
}

function readKeys(value: unknown): readonly (ReadonlySet<Felt> | undefined)[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw invalidParams('keys is a list of lists')
  return value.map((some: unknown) => {
    const felts = readFelts(some, 'keys')
    return felts.length === 0 ? undefined : new Set(felts)
  })
}

function readFelts(value: unknown, name: string): readonly Felt[] {
  if (!Array.isArray(value)) throw invalidParams(`${name} is a list of felts`)
  return value.map((felt: unknown) => readFelt(felt, name))
}
