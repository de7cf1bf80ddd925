import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Fault, jsonRpc, type ScriptedNode, startScriptedNode } from '../../../../test/nodes/scripted-node.ts'
import { blockHash, tinyNode } from '../../../../test/starknet/tiny-chain.ts'
import { type Contract, contracts, EMPTY_BLOCKS, key, REVERTED } from '../../../../test/starknet/tiny-contracts.ts'
import { assert } from '../../../core/assert.ts'
import { parseChainId } from '../../../core/chain.ts'
import type { ChainProver, Question } from '../../adapter.ts'
import { createStarknetProver } from './prover.ts'

const SIGNAL = new AbortController().signal
const AT = { number: 3, hash: blockHash(3) }
const chain = parseChainId('starknet:TNY')
assert(chain !== undefined, 'a CAIP-2 id')

let node: ScriptedNode
let prover: ChainProver

const TOKENS: Readonly<Record<string, Contract>> = {
  '0x1': { balance_of: ([account]) => [account === '0x0' ? '0x1' : '0x2', '0x1'], total_supply: ['0x5', '0x0'] },
  '0x2': { balanceOf: ['0x7'], totalSupply: ['0x9', '0x0'] },
  '0x3': { owner_of: ([id]) => unowned(id), balance_of: ['0x1', '0x0'] },
  '0x4': { balance_of: ([, low, high]) => [low ?? '0x0', high ?? '0x0'] },
  '0x5': { balance_of: REVERTED, owner_of: REVERTED },
  '0x6': { balance_of: ['0x1', '0x0', '0x0'] },
  '0x7': { balance_of: new Fault(-32603, 'Internal error') },
}

function unowned(id: string | undefined): readonly string[] {
  if (id === '0x9') throw REVERTED
  return [id === '0x1' ? '0x0A' : '0xb']
}

beforeEach(async () => {
  const state = tinyNode(EMPTY_BLOCKS, { call: contracts(TOKENS) })
  const starknet_call = (params: readonly unknown[]): unknown => {
    if (Object(params[1]).block_hash === blockHash(0)) throw new Fault(24, 'Block not found')
    return state.starknet_call?.(params)
  }
  const starknet_getBlockTransactionCount = ([id]: readonly unknown[]): unknown => {
    if (Object(id).block_hash !== blockHash(0)) throw new Fault(24, 'Block not found')
    return 0
  }
  node = await startScriptedNode(jsonRpc({ ...state, starknet_call, starknet_getBlockTransactionCount }))
  assert(chain !== undefined, 'a CAIP-2 id')
  const limits = { pauses: { baseMs: 0, maxMs: 0 } }
  prover = createStarknetProver({ chain, rpc: [node.url], warn: () => undefined }, limits)
})
afterEach(() => node.stop())

function balance(...of: Parameters<typeof key>): Question {
  return { what: 'balance', key: key(...of), block: AT }
}

function supply(...of: Parameters<typeof key>): Question {
  return { what: 'supply', asset: key(...of).asset, block: AT }
}

describe('the prover', () => {
  test('answers each question by a plain call at its own block', async () => {
    const big = (2n ** 128n + 5n).toString()
    const cases: readonly (readonly [Question, unknown])[] = [
      [balance('0x1'), { ok: true, amount: 2n ** 128n + 2n }],
      [balance('0x2'), { ok: true, amount: 7n }],
      [supply('0x1'), { ok: true, amount: 5n, otherwise: 5n - 2n ** 128n - 1n }],
      [supply('0x2'), { ok: true, amount: 9n, otherwise: 2n }],
      [balance('0x3', 'erc721', '1'), { ok: true, amount: 1n }],
      [balance('0x3', 'erc721', '2'), { ok: true, amount: 0n }],
      [balance('0x3', 'erc721', '9'), { ok: true, amount: 0n }],
      [balance('0x4', 'erc1155', big), { ok: true, amount: 2n ** 128n + 5n }],
      [balance('0x5', 'erc721', '1'), { ok: false, reason: 'token_does_not_answer' }],
      [balance('0x5'), { ok: false, reason: 'token_does_not_answer' }],
      [balance('0x6'), { ok: false, reason: 'token_does_not_answer' }],
      [balance('0x7'), { ok: false, reason: 'node_unavailable' }],
      [balance('0x99'), { ok: false, reason: 'not_a_token' }],
      [balance('0x4', 'erc1155'), { ok: false, reason: 'not_supported' }],
      [supply('0x4', 'erc1155'), { ok: false, reason: 'not_supported' }],
      [balance('0x1', 'native'), { ok: false, reason: 'not_supported' }],
      [
        { ...balance('0x1'), block: { number: 0, hash: blockHash(0) } },
        { ok: false, reason: 'no_archive' },
      ],
      [
        { ...balance('0x1'), block: { number: 3, hash: '0x9' } },
        { ok: false, reason: 'block_replaced' },
      ],
    ]
    expect(
      await prover.prove(
        cases.map(([question]) => question),
        SIGNAL,
      ),
    ).toEqual(cases.map(([, proof]) => proof))
  })

  test('answers more questions than fit in one request, in order', async () => {
    const questions = Array.from({ length: 250 }, (_, index) => balance('0x4', 'erc1155', String(index)))
    const proofs = await prover.prove(questions, SIGNAL)
    expect(proofs).toEqual(questions.map((_, index) => ({ ok: true, amount: BigInt(index) })))
  })

  test('names the canonical block of a number, if there is one', async () => {
    expect(await prover.blockAt(3, SIGNAL)).toEqual(AT)
    expect(await prover.blockAt(99, SIGNAL)).toBeUndefined()
  })
})
