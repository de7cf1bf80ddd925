import type { RpcSession } from '../../nodes/session.ts'
import { numberWord } from '../words/hex.ts'
import { type BlockPin, blockParameter, type ReadOutcome, type StateRead } from './multicall-reads.ts'
import { type Reader, readAtBlock } from './read-at-block.ts'

/**
 * What a contract says it holds. Some layouts of Transfer (all three parameters indexed, or none) fit an amount and an
 * item alike, so the contract is asked. `units`: it has decimals and no owners of items. `items`: it has owners and no
 * decimals, or supports ERC-721 by ERC-165. `as_laid`: both or neither, so the layout decides.
 */
export type TokenNature = 'units' | 'items' | 'as_laid'

/**
 * A contract, and some of the numbers in its logs. `usual`: the logs have an amount's standard layout. With
 * decimals above 0 such a contract is `units`. Without, any sign of items makes it `items`, since its numbers must then
 * never be added up.
 */
export type Sample = { readonly contract: string; readonly numbers: readonly bigint[]; readonly usual?: boolean }

/** Reads in one multicall. */
export const STANDARDS_PER_CALL = 200

const SUPPORTS_ERC721 = `0x01ffc9a7${'80ac58cd'.padEnd(64, '0')}`
const DECIMALS = '0x313ce567'
const OWNER_OF = '6352211e'
const TRUE = numberWord(1)

/** Asks contracts at one block what they hold. @throws NODE_* */
export async function readNatures(
  session: RpcSession,
  samples: readonly Sample[],
  reader: Reader,
): Promise<readonly (TokenNature | undefined)[]> {
  const { value } = await readAtBlock(session, reader, async (read, pin) => {
    const asked = samples.map((sample) => ({
      ...sample,
      supports: call(sample.contract, SUPPORTS_ERC721),
      decimals: call(sample.contract, DECIMALS),
    }))
    const first = await outcomesOf(
      read,
      asked.flatMap(({ supports, decimals }) => [supports, decimals]),
    )
    const divided = new Set(asked.filter(({ usual, decimals }) => usual && isDivided(wordOf(first.get(decimals)))))
    const open = asked.filter((one) => !divided.has(one) && wordOf(first.get(one.supports)) !== TRUE)
    const owners = new Map(
      open.map((one) => [one, one.numbers.map((id) => call(one.contract, `0x${OWNER_OF}${numberWord(id)}`))]),
    )
    const second = await outcomesOf(read, [...owners.values()].flat())
    const natures = asked.map((one): TokenNature | undefined => {
      if (divided.has(one)) return 'units'
      const reads = owners.get(one)
      if (reads === undefined) return 'items'
      const [decimals, owned] = [first.get(one.decimals), reads.map((id) => second.get(id))]
      const answers = [...(one.usual ? [first.get(one.supports)] : []), decimals, ...owned]
      if (answers.some((outcome) => outcome?.ok === false && outcome.failure === 'node')) return undefined
      const hasDecimals = isSmall(wordOf(decimals))
      const hasOwner = owned.some((outcome) => isAccount(wordOf(outcome)))
      if (one.usual) return hasOwner ? 'items' : 'units'
      if (hasDecimals === hasOwner) return 'as_laid'
      return hasDecimals ? 'units' : 'items'
    })
    const unowned = [...natures.keys()].filter((index) => {
      const one = asked[index]
      return natures[index] === 'units' && one !== undefined && !divided.has(one)
    })
    return checkOwnerCode(session, { samples, natures, samplesWithoutOwner: unowned, pin })
  })
  return value
}

/**
 * Checks the code of contracts without an owner for the requested items, which may be burnt. The code shows whether the
 * contract has `ownerOf` at all. A contract that has decimals and `ownerOf` has both kinds.
 */
async function checkOwnerCode(
  session: RpcSession,
  answers: {
    readonly samples: readonly Sample[]
    readonly natures: readonly (TokenNature | undefined)[]
    readonly samplesWithoutOwner: readonly number[]
    readonly pin: BlockPin
  },
): Promise<readonly (TokenNature | undefined)[]> {
  const { samples, natures, samplesWithoutOwner, pin } = answers
  if (samplesWithoutOwner.length === 0) return natures
  const calls = samplesWithoutOwner.map((at) => ({
    method: 'eth_getCode',
    params: [samples[at]?.contract, blockParameter(pin)],
  }))
  const codes = await session.batch(calls)
  const decided = [...natures]
  for (const [index, at] of samplesWithoutOwner.entries()) {
    const outcome = codes[index]
    const usual = samples[at]?.usual === true
    if (outcome?.ok !== true) decided[at] = usual ? undefined : natures[at]
    else if (String(outcome.result).includes(`63${OWNER_OF}`)) decided[at] = usual ? 'items' : 'as_laid'
    // A missing contract proves nothing: it was destroyed, or this node does not have it yet.
    else if (usual && outcome.result === '0x') decided[at] = 'as_laid'
  }
  return decided
}

type Read = (reads: readonly StateRead[]) => Promise<readonly ReadOutcome[]>

async function outcomesOf(
  read: Read,
  reads: readonly StateRead[],
): Promise<ReadonlyMap<StateRead, ReadOutcome | undefined>> {
  const outcomes = reads.length === 0 ? [] : await read(reads)
  return new Map(reads.map((one, index) => [one, outcomes[index]]))
}

function call(target: string, data: string): StateRead {
  return { target, data }
}

/** An answer of 32 bytes, without `0x`. */
function wordOf(outcome: ReadOutcome | undefined): string | undefined {
  return outcome?.ok === true && /^0x[0-9a-fA-F]{64}$/.test(outcome.data) ? outcome.data.slice(2) : undefined
}

function isSmall(word: string | undefined): boolean {
  return word?.startsWith('0'.repeat(62)) === true
}

/** True for decimals above 0: items cannot be divided. */
function isDivided(word: string | undefined): boolean {
  return isSmall(word) && !/^0+$/.test(word ?? '')
}

function isAccount(word: string | undefined): boolean {
  return word?.startsWith('0'.repeat(24)) === true && !/^0+$/.test(word)
}
