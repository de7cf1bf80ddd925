import { ServiceError } from '../../../core/errors.ts'
import type { RpcOutcome } from '../../../net/json-rpc.ts'
import { type ChainProver, noCounts, type Proof, type ProverOptions, type Question } from '../../adapter.ts'
import { createGroupProver } from '../../nodes/group-prover.ts'
import { createRpc } from '../../nodes/rpc.ts'
import { RPC_LIMITS, type RpcLimits } from '../../nodes/rpc-limits.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { LeadBook } from '../coins/lead-book.ts'
import { confirmNode } from '../heads/confirm-node.ts'
import { HEAD_CALLS } from '../heads/headers.ts'
import { makeChiaNode } from '../make-node.ts'
import { puzzleHashOf } from '../words/address.ts'
import { classifyChiaFault } from '../words/faults.ts'
import { fieldIn } from '../words/records.ts'
import { puzzleHashFor } from './derive.ts'
import { isCatOf } from './parents.ts'
import { coinsOf, isHeld, type SentCoin } from './sent-coins.ts'

/**
 * Creates a prover that asks for the coins of one puzzle hash after the other, and for each coin's own parent. It shares HTTP,
 * fail-over, the classes of failures and the known hidden puzzle hashes with the adapter, but no derivation, no look-up in
 * bulk and no reading of puzzles.
 */
export function createChiaProver(options: ProverOptions, limits: Partial<RpcLimits> = {}): ChainProver {
  const { chain, rpc: urls, warn, tls, memory, timeoutMs = RPC_LIMITS.timeoutMs } = options
  const rpc = createRpc({
    urls,
    classify: classifyChiaFault,
    checkNode: (session) => confirmNode(session, chain),
    warn,
    counts: noCounts(),
    tls,
    makeNode: makeChiaNode,
    limits: { timeoutMs, ...limits },
  })
  const book = new LeadBook(memory)
  return createGroupProver(rpc, {
    blockAt: async (session, number) => {
      const { hash } = await HEAD_CALLS.at(session, number)
      return { number, hash }
    },
    prove: (session, group) => proveAll(session, group, book),
  })
}

async function proveAll(session: RpcSession, group: readonly Question[], book: LeadBook): Promise<readonly Proof[]> {
  const replaced = await findReplaced(session, group)
  if (replaced.size > 0 && group.every(({ block }) => replaced.has(block.number))) {
    throw new ServiceError('NODE_BEHIND', `${session.label} has other blocks`)
  }
  const proofs: Proof[] = []
  for (const question of group) {
    if (question.what === 'supply') proofs.push({ ok: false, reason: 'not_supported' })
    else if (replaced.has(question.block.number)) proofs.push({ ok: false, reason: 'block_replaced' })
    else proofs.push({ ok: true, amount: await balanceOf(session, question, book) })
  }
  // What was read may be of another chain by now.
  if ((await findReplaced(session, group)).size > replaced.size) {
    throw new ServiceError('BLOCK_CONFLICT', 'a block was replaced while its coins were read')
  }
  return proofs
}

/** The numbers of blocks that the node lacks, or has another of. */
async function findReplaced(session: RpcSession, group: readonly Question[]): Promise<ReadonlySet<number>> {
  const hashes = new Map(group.map(({ block }) => [block.number, block.hash]))
  const numbers = [...hashes.keys()]
  const outcomes = await session.batch(
    numbers.map((number) => ({ method: 'get_block_record_by_height', params: { height: number } })),
  )
  return new Set(numbers.filter((number, index) => hashIn(outcomes[index]) !== hashes.get(number)))
}

function hashIn(outcome: RpcOutcome | undefined): string | undefined {
  if (outcome?.ok !== true) return undefined
  const hash = fieldIn(fieldIn(outcome.result, 'block_record'), 'header_hash')
  return typeof hash === 'string' ? `0x${hash.replace(/^0x/, '').toLowerCase()}` : undefined
}

type BalanceQuestion = Extract<Question, { what: 'balance' }>

async function balanceOf(session: RpcSession, { key, block }: BalanceQuestion, book: LeadBook): Promise<bigint> {
  const owner = puzzleHashOf(key.account)
  const { standard, reference } = key.asset
  if (standard === 'native') return sum((await coinsOf(session, owner)).filter((coin) => isHeld(coin, block.number)))
  let amount = 0n
  for (const { hidden } of await book.of(reference)) {
    const coins = await coinsOf(session, puzzleHashFor(reference, hidden, owner))
    const held = coins.filter((coin) => isHeld(coin, block.number))
    const areCats = await isCatOf(session, reference, held)
    amount += sum(held.filter((_, index) => areCats[index]))
  }
  return amount
}

function sum(coins: readonly SentCoin[]): bigint {
  return coins.reduce((total, { amount }) => total + amount, 0n)
}
