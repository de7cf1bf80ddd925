import { MAX_DECIMALS } from '../../../core/amount.ts'
import type { AssetRef } from '../../../core/asset.ts'
import type { BlockRef } from '../../../core/block.ts'
import type { Standard } from '../../../core/standards.ts'
import { cleanText, MAX_NAME_CHARACTERS, MAX_SYMBOL_CHARACTERS, type ReadTokenFacts } from '../../../core/token.ts'
import type { RpcSession } from '../../nodes/session.ts'
import type { CodeAnswers } from './code-check.ts'
import type { ReadOutcome, StateRead } from './multicall-reads.ts'
import { type Reader, readAtBlock } from './read-at-block.ts'

/** Selectors of the functions that return a token's facts. */
const VIEWS = { name: '0x06fdde03', symbol: '0x95d89b41', decimals: '0x313ce567', totalSupply: '0x18160ddd' } as const
type View = keyof typeof VIEWS

/**
 * The functions that each standard may have. ERC-1155 has no supply and no decimals of its own; names are customary.
 */
const VIEWS_OF: Partial<Record<Standard, readonly View[]>> = {
  erc20: ['name', 'symbol', 'decimals', 'totalSupply'],
  erc721: ['name', 'symbol', 'totalSupply'],
  erc1155: ['name', 'symbol'],
}

/** Decimals of the native asset of every EVM chain: amounts are in wei. */
const NATIVE_DECIMALS = 18
/** Reads in one multicall: names may be long, and all must fit in one answer. */
export const TOKENS_PER_CALL = 100
/**
 * Bytes of a text that are decoded: enough for every character that is kept, at 4 bytes each, with room for cleaning.
 */
const MAX_TEXT_BYTES = MAX_NAME_CHARACTERS * 4 * 8

/**
 * Reads the facts of these assets, in order, at one block. A fact that the token does not answer is unknown, or in
 * `unknownFacts`.
 * @throws NODE_*
 */
export async function readTokens(
  session: RpcSession,
  assets: readonly AssetRef[],
  reader: Reader,
): Promise<{ readonly block: BlockRef; readonly facts: readonly ReadTokenFacts[] }> {
  const plans = assets.map((asset) => (VIEWS_OF[asset.standard] ?? []).map((view) => planOf(asset, view)))
  const { block, value } = await readAtBlock(session, reader, async (read, pin) => {
    const reads = plans.flat()
    const outcomes = await read(reads.map((plan) => plan.read))
    const byPlan = new Map(reads.map((plan, index) => [plan, outcomes[index]]))
    const code = await reader.codeCheck.check(
      session,
      reads.map((plan) => [plan.read, byPlan.get(plan)] as const),
      pin,
    )
    return assets.map((asset, index) => {
      const answers = plans[index]?.map((plan) => [plan.view, tokenAnswer(plan.read, byPlan.get(plan), code)] as const)
      return factsOf(asset, new Map(answers))
    })
  })
  return { block, facts: value }
}

type ViewPlan = { readonly view: View; readonly read: StateRead }

function planOf(asset: AssetRef, view: View): ViewPlan {
  return { view, read: { target: asset.reference, data: VIEWS[view] } }
}

function factsOf(asset: AssetRef, answers: ReadonlyMap<View, ReadOutcome | undefined>): ReadTokenFacts {
  const data = (view: View): string | undefined => {
    const outcome = answers.get(view)
    return outcome?.ok === true ? outcome.data : undefined
  }
  const unknownFacts = [...answers].flatMap(([view, outcome]) => (isAnswer(outcome) ? [] : [view]))
  const decimals = numberOf(data('decimals'))
  const known = decimals !== undefined && decimals <= BigInt(MAX_DECIMALS) ? Number(decimals) : undefined
  return {
    asset,
    name: textOf(data('name'), MAX_NAME_CHARACTERS),
    symbol: textOf(data('symbol'), MAX_SYMBOL_CHARACTERS),
    decimals: asset.standard === 'native' ? NATIVE_DECIMALS : known,
    totalSupply: numberOf(data('totalSupply')),
    ...(unknownFacts.length === 0 ? {} : { unknownFacts }),
  }
}

/** Returns the token's own answer. An address without code has none, whatever a precompile returns. */
function tokenAnswer(read: StateRead, outcome: ReadOutcome | undefined, code: CodeAnswers): ReadOutcome | undefined {
  if (code.without.has(read.target)) return NOTHING
  return code.unknown.has(read.target) ? undefined : outcome
}

const NOTHING: ReadOutcome = { ok: true, data: '0x' }

/** True if the token itself answered, even by a revert. A node failure or a costly call is no answer. */
function isAnswer(outcome: ReadOutcome | undefined): boolean {
  return outcome?.ok === true || outcome?.failure === 'reverted'
}

function numberOf(data: string | undefined): bigint | undefined {
  return data !== undefined && /^0x[0-9a-fA-F]{64}$/.test(data) ? BigInt(data) : undefined
}

/** Returns the cleaned text of an answer: an ABI string, or a bytes32 as in early tokens. */
export function textOf(data: string | undefined, maxCharacters: number): string | undefined {
  if (data === undefined) return undefined
  const bytes = Buffer.from(textHex(data), 'hex')
  return cleanText(new TextDecoder().decode(bytes), maxCharacters)
}

function textHex(data: string): string {
  if (data.length === 2 + 64) return data.slice(2).replace(/(?:00)+$/, '')
  const word = (at: number): number => (at + 64 <= data.length ? Number(`0x${data.slice(at, at + 64)}`) : Number.NaN)
  const at = 2 + word(2) * 2
  const length = word(at)
  if (!(at + 64 + length * 2 <= data.length)) return ''
  return data.slice(at + 64, at + 64 + Math.min(length, MAX_TEXT_BYTES) * 2)
}
