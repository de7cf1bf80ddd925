import type { Draw } from '../draw.ts'
import type { Cast } from './cast.ts'
import { bridged, type Planned, type PlannedCall } from './execute.ts'
import { type Felt, feltDigest } from './felt.ts'
import type { Program } from './program.ts'
import type { StarknetBlock } from './state.ts'

/** Transactions of a drawn block. One block in `emptyEvery` has none. */
export type Pace = { readonly transactions: readonly [least: number, most: number]; readonly emptyEvery: number }

/** Small blocks, as reorgs of many blocks need them. */
export const SMALL: Pace = { transactions: [1, 6], emptyEvery: 12 }

/** Uses of contracts in a transaction: on average one, so that half of the transfers are fees. */
const USES = [0, 0, 1, 1, 1, 2, 2] as const
/** One transaction in this many reverts, pays its fee in ETH, or is a message from L1. */
const REVERTED_EVERY = 20
const ETH_FEE_EVERY = 15
const BRIDGED_EVERY = 30
/** One block in this many deploys a new token, up to a maximum number of contracts. */
const NEW_TOKEN_EVERY = 40
const MAX_CONTRACTS = 80
/** Base units of the least fee. */
const LEAST_FEE = 10n ** 15n

const REVERT_REASON =
  "Transaction execution has failed:\n0: Error in the called contract: 0x753235365f737562204f766572666c6f77 ('u256_sub Overflow').\n"

/** Draws the transactions of a block. In real proportions: about half of the transfers are fees. */
export function drawBlock(
  parent: StarknetBlock,
  { cast, draw, pace, newTokens }: { cast: Cast; draw: Draw; pace: Pace; newTokens: readonly Program[] },
): readonly Planned[] {
  if (draw.oneIn(pace.emptyEvery)) return []
  const tokens = [...parent.state.contracts].flatMap(([address, { program }]) =>
    program.act === undefined ? [] : [address],
  )
  const planned = Array.from({ length: draw.between(...pace.transactions) }, () => drawTransaction(tokens, cast, draw))
  if (newTokens.length > 0 && parent.state.contracts.size < MAX_CONTRACTS && draw.oneIn(NEW_TOKEN_EVERY)) {
    const address = feltDigest(`new token ${parent.state.serial}`)
    planned.push({ ...drawTransaction([], cast, draw), calls: [{ address, deploy: draw.of(newTokens) }] })
  }
  return planned
}

function drawTransaction(tokens: readonly Felt[], cast: Cast, draw: Draw): Planned {
  if (tokens.length > 0 && draw.oneIn(BRIDGED_EVERY)) {
    return bridged(draw.of([cast.strk, cast.eth]), [draw.of(cast.senders)], LEAST_FEE * BigInt(draw.between(1, 1e6)))
  }
  const uses = tokens.length === 0 ? 0 : draw.of(USES)
  const calls = Array.from({ length: uses }, () => useOf(draw.of(tokens), cast, draw))
  const fee = LEAST_FEE + BigInt(draw.below(1e15))
  const kind = draw.oneIn(ETH_FEE_EVERY) ? 'INVOKE 1' : 'INVOKE 3'
  const planned: Planned = { kind, sender: draw.of(cast.senders), fee, calls }
  return draw.oneIn(REVERTED_EVERY) ? { ...planned, revertReason: REVERT_REASON } : planned
}

function useOf(address: Felt, { accounts }: Cast, draw: Draw): PlannedCall {
  return {
    address,
    run: (storage, { act }) => act?.(storage, { draw, accounts }) ?? { events: [] },
  }
}
