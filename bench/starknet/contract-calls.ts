import { type BalanceIndex, createBalanceIndex } from '../chain/balances.ts'
import { MINT, MINT_AMOUNT } from '../chain/generator.ts'
import type { Outcome, StarknetRpcNode } from './rpc-node.ts'

const BLOCK_NOT_FOUND = { code: 24, message: 'Block not found' }
const MISSING_FUNCTION = { code: 21, message: 'Requested entry point does not exist in the contract' }
const LIMB_BITS = 128n
const LIMB_MASK = 2n ** LIMB_BITS - 1n
/** sn_keccak of the names of the functions that a generated token has. */
const SELECTORS = {
  balance_of: '0x35a73cd311a05d46deda634c5ee045db92f811b4e74bca4437fcb5302b7af33',
  name: '0x361458367e696363fbcc70777d07ebbd2394e89fd0adcaf147faccd1d294d60',
  symbol: '0x216b05c387bab9ac31918a3e61672f4618601f3c598a2f3f2710f37053e1ea4',
  decimals: '0x4c4fb1ab068f6039d5780c68dd0fa2f8742cceb3426d19667778ca7f3518a9',
  total_supply: '0x1557182e4359a1f0c6301278e8f5b35a776ab58d39892581e357578fb287836',
  totalSupply: '0x80aa9fdbfaf9615e4afc7f5f722e265daca5ccc655360fa5ccacf9c267936d',
} as const

/**
 * The answer to a call at a block: the metadata of a well-behaved token, with short strings, its supply at the head, and
 * the balances of chains that are short enough. There is no other function.
 */
export function contractCall(node: StarknetRpcNode, request: unknown, block: number | undefined): Outcome {
  if (block === undefined) return BLOCK_NOT_FOUND
  const token = tokenOf(node, field(request, 'contract_address'))
  if (token === undefined) return { code: 20, message: 'Contract not found' }
  switch (field(request, 'entry_point_selector')) {
    case SELECTORS.name:
      return JSON.stringify([`0x${Buffer.from(`Generated ${token}`).toString('hex')}`])
    case SELECTORS.symbol:
      return JSON.stringify([`0x${Buffer.from(`GEN${token}`).toString('hex')}`])
    case SELECTORS.decimals:
      return '["0x12"]'
    case SELECTORS.total_supply:
    case SELECTORS.totalSupply:
      return JSON.stringify([`0x${supplyOf(node, token).toString(16)}`, '0x0'])
    case SELECTORS.balance_of:
      return balanceOf(node, { token, calldata: field(request, 'calldata'), block })
    default:
      return MISSING_FUNCTION
  }
}

const mints = new WeakMap<StarknetRpcNode, readonly number[]>()

/** A token's supply at the head. It must be correct, or the audit would conclude that events do not give balances. */
function supplyOf(node: StarknetRpcNode, token: number): bigint {
  let known = mints.get(node)
  if (known === undefined) {
    const { shape, movement, strk } = node.generator
    const counts = Array.from({ length: strk + 1 }, () => 0)
    for (let index = 0; index < shape.transfers; index++) {
      const { token: minted, from } = movement(index)
      if (from === MINT) counts[minted] = (counts[minted] ?? 0) + 1
    }
    known = counts
    mints.set(node, known)
  }
  return BigInt(known[token] ?? 0) * MINT_AMOUNT
}

const tokens = new WeakMap<StarknetRpcNode, ReadonlyMap<bigint, number>>()

/** The token at an address in any spelling; undefined if there is none. */
export function tokenOf(node: StarknetRpcNode, address: unknown): number | undefined {
  let known = tokens.get(node)
  if (known === undefined) {
    const length = node.generator.strk + 1
    known = new Map(Array.from({ length }, (_, token) => [BigInt(node.renderer.tokenFelt(token)), token]))
    tokens.set(node, known)
  }
  return typeof address === 'string' && /^0x[0-9a-f]+$/i.test(address) ? known.get(BigInt(address)) : undefined
}

const indexes = new WeakMap<StarknetRpcNode, { readonly index: BalanceIndex | undefined }>()

type BalanceQuestion = { readonly token: number; readonly calldata: unknown; readonly block: number }

function balanceOf(node: StarknetRpcNode, { token, calldata, block }: BalanceQuestion): Outcome {
  let known = indexes.get(node)
  if (known === undefined) {
    const { generator, renderer } = node
    // The sequencer comes after the other accounts.
    const named = { accounts: generator.sequencer + 1, accountAddress: renderer.accountFelt }
    known = { index: createBalanceIndex(generator, named) }
    indexes.set(node, known)
  }
  if (known.index === undefined) return MISSING_FUNCTION
  const account: unknown = Array.isArray(calldata) ? calldata[0] : undefined
  const amount = known.index.balanceAt(token, minimal(String(account)), block) ?? 0n
  return JSON.stringify([`0x${(amount & LIMB_MASK).toString(16)}`, `0x${(amount >> LIMB_BITS).toString(16)}`])
}

/** A felt without leading zeros. */
function minimal(felt: string): string {
  return `0x${felt
    .slice(2)
    .replace(/^0+(?=.)/, '')
    .toLowerCase()}`
}

function field(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return Reflect.get(value, key)
}
