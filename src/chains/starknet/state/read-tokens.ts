import { MAX_DECIMALS } from '../../../core/amount.ts'
import type { AssetRef } from '../../../core/asset.ts'
import type { BlockRef } from '../../../core/block.ts'
import type { Standard } from '../../../core/standards.ts'
import {
  cleanText,
  MAX_NAME_CHARACTERS,
  MAX_SYMBOL_CHARACTERS,
  type ReadTokenFacts,
  type TokenFact,
} from '../../../core/token.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { textBytes } from '../words/texts.ts'
import { type Reader, readAtBlock } from './read-at-block.ts'
import { amountOf } from './read-balances.ts'
import { type CallOutcome, callSpelled, type SpelledCall, type Spelling } from './state-calls.ts'

/** The functions that return a token's facts. All but the supply have one spelling. */
const VIEWS: Readonly<Record<TokenFact, Spelling>> = {
  name: ['name', 'name'],
  symbol: ['symbol', 'symbol'],
  decimals: ['decimals', 'decimals'],
  totalSupply: ['total_supply', 'totalSupply'],
}

/** The functions that each standard may have. ERC-1155 has no supply and no decimals; names are customary. */
const VIEWS_OF: Partial<Record<Standard, readonly TokenFact[]>> = {
  erc20: ['name', 'symbol', 'decimals', 'totalSupply'],
  erc721: ['name', 'symbol', 'totalSupply'],
  erc1155: ['name', 'symbol'],
}

/**
 * Reads the facts of these assets, in order, at one block. A fact that the token does not answer is unknown, or in
 * `unknownFacts` if the node did not answer.
 * @throws NODE_*
 */
export async function readTokens(
  session: RpcSession,
  assets: readonly AssetRef[],
  reader: Reader,
): Promise<{ readonly block: BlockRef; readonly facts: readonly ReadTokenFacts[] }> {
  const calls: SpelledCall[] = []
  const plans = assets.map(({ standard, reference }) =>
    (VIEWS_OF[standard] ?? []).map((fact) => {
      const call = calls.push({ contract: reference, spelling: VIEWS[fact], calldata: [] }) - 1
      return { fact, call }
    }),
  )
  const { block, value } = await readAtBlock(session, reader, async (call) => {
    const outcomes = await callSpelled(calls, { call, spellings: reader.spellings })
    return assets.map((asset, index) => {
      const answers = (plans[index] ?? []).map((plan) => [plan.fact, outcomes[plan.call]] as const)
      return factsOf(asset, new Map(answers))
    })
  })
  return { block, facts: value }
}

function factsOf(asset: AssetRef, answers: ReadonlyMap<TokenFact, CallOutcome | undefined>): ReadTokenFacts {
  const unknownFacts = [...answers].flatMap(([fact, outcome]) => (isAnswer(outcome) ? [] : [fact]))
  return {
    asset,
    name: textOf(answers.get('name'), MAX_NAME_CHARACTERS),
    symbol: textOf(answers.get('symbol'), MAX_SYMBOL_CHARACTERS),
    decimals: decimalsOf(answers.get('decimals')),
    totalSupply: amountOf(answers.get('totalSupply')),
    ...(unknownFacts.length === 0 ? {} : { unknownFacts }),
  }
}

/** True if the token itself answered, even by a revert. */
function isAnswer(outcome: CallOutcome | undefined): boolean {
  return outcome !== undefined && (outcome.ok || outcome.failure !== 'node')
}

/** The decimals of an answer; undefined unless it is one felt up to 255. */
export function decimalsOf(outcome: CallOutcome | undefined): number | undefined {
  if (outcome?.ok !== true || outcome.felts.length !== 1) return undefined
  const [decimals] = outcome.felts
  return decimals !== undefined && decimals <= BigInt(MAX_DECIMALS) ? Number(decimals) : undefined
}

function textOf(outcome: CallOutcome | undefined, maxCharacters: number): string | undefined {
  const bytes = outcome?.ok === true ? textBytes(outcome.felts) : undefined
  return bytes === undefined ? undefined : cleanText(new TextDecoder().decode(bytes), maxCharacters)
}
