import type { BlockRef } from '../../../core/block.ts'
import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { Rpc } from '../../nodes/rpc.ts'
import { type RpcSession, retryingSession } from '../../nodes/session.ts'
import { lacksState, stateRun } from '../../nodes/state-runs.ts'
import { isOfOneMachine } from '../words/faults.ts'
import { u256Felts } from '../words/felt.ts'
import { ERC165_ERC721, SRC5_ERC721 } from '../words/selectors.ts'
import { type Reader, readAtBlock } from './read-at-block.ts'
import { decimalsOf } from './read-tokens.ts'
import { type CallOutcome, callSpelled, type SpelledCall, type Spelling } from './state-calls.ts'

/**
 * What a contract holds. ERC-20 and ERC-721 share one Transfer event, so the contract is asked. `units`: amounts.
 * `items`: each number in its events is an item's id. `undecided`: it answers as both, or as neither.
 */
export type TokenNature = 'units' | 'items' | 'undecided'

/** A contract, and some of the numbers in its events. */
export type Sample = { readonly contract: string; readonly numbers: readonly bigint[] }

const SUPPORTS: Spelling = ['supports_interface', 'supportsInterface']
const DECIMALS: Spelling = ['decimals', 'decimals']
const OWNER: Spelling = ['owner_of', 'ownerOf']

/**
 * Asks contracts at one block what they hold; results in order. Undefined: the node did not answer for that contract.
 * @throws NODE_*
 */
export async function readNatures(
  session: RpcSession,
  samples: readonly Sample[],
  reader: Reader,
): Promise<readonly (TokenNature | undefined)[]> {
  const calls: SpelledCall[] = []
  const add = (contract: string, spelling: Spelling, calldata: readonly string[]): number =>
    calls.push({ contract, spelling, calldata }) - 1
  const plans = samples.map(({ contract, numbers }) => ({
    supports: [SRC5_ERC721, ERC165_ERC721].map((id) => add(contract, SUPPORTS, [id])),
    decimals: add(contract, DECIMALS, []),
    owners: numbers.map((id) => add(contract, OWNER, u256Felts(id))),
  }))
  const { value } = await readAtBlock(session, reader, async (call) => {
    const outcomes = await callSpelled(calls, { call, spellings: reader.spellings })
    return plans.map(({ supports, decimals, owners }) =>
      natureOf({
        supports: supports.map((index) => outcomes[index]),
        decimals: outcomes[decimals],
        owners: owners.map((index) => outcomes[index]),
      }),
    )
  })
  return value
}

type Answers = {
  readonly supports: readonly (CallOutcome | undefined)[]
  readonly decimals: CallOutcome | undefined
  readonly owners: readonly (CallOutcome | undefined)[]
}

/**
 * Decides from a contract's answers. Items cannot be divided, so decimals above 0 outweigh a claim to hold items, but
 * not an owner.
 */
export function natureOf({ supports, decimals, owners }: Answers): TokenNature | undefined {
  const places = decimalsOf(decimals)
  const hasOwner = owners.some(isNonZero)
  if (places !== undefined && places > 0) return hasOwner ? 'undecided' : 'units'
  if (supports.some(isTrue)) return 'items'
  // What did not answer could have decided otherwise.
  if ([...supports, decimals, ...owners].some(isUnanswered)) return undefined
  if (places === undefined) return hasOwner ? 'items' : 'undecided'
  return hasOwner ? 'undecided' : 'units'
}

function isUnanswered(outcome: CallOutcome | undefined): boolean {
  return outcome === undefined || (!outcome.ok && outcome.failure === 'node')
}

function isTrue(outcome: CallOutcome | undefined): boolean {
  return outcome?.ok === true && outcome.felts.length === 1 && outcome.felts[0] === 1n
}

function isNonZero(outcome: CallOutcome | undefined): boolean {
  return outcome?.ok === true && outcome.felts.length === 1 && outcome.felts[0] !== 0n
}

/** How often contracts are asked again, perhaps by other nodes, before one that does not answer counts as undecided. */
const ATTEMPTS = 3

/**
 * Returns a function that asks contracts what they hold, at a block, or at the newest if no node has that block's state
 * any more. A contract that no node could ask, such as one that never ends, is undecided.
 */
export function natureAsker(rpc: Rpc, reading: Omit<Reader, 'at'>) {
  return async (samples: readonly Sample[], at: BlockRef, signal: AbortSignal): Promise<readonly TokenNature[]> => {
    let attempts = 0
    const ask = (block: BlockRef | 'latest') =>
      rpc.run(
        async (session) => {
          const reader = { ...reading, at: block }
          const natures = await readNatures(retryingSession(session, isOfOneMachine), samples, reader)
          if (natures.includes(undefined) && ++attempts < ATTEMPTS) {
            throw new ServiceError('NODE_NO_STATE', `${session.label} does not answer for a contract`)
          }
          return natures.map((nature) => nature ?? 'undecided')
        },
        stateRun(undefined, signal),
      )
    try {
      return await ask(at)
    } catch (error) {
      if (!isServiceError(error) || !lacksState(error)) throw error
      attempts = ATTEMPTS - 1
      return ask('latest')
    }
  }
}
