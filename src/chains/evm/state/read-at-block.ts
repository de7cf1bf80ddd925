import type { BlockRef } from '../../../core/block.ts'
import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { CoolDowns } from '../../nodes/cool-downs.ts'
import type { NamedHeads } from '../../nodes/named-heads.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { blockCall, newestByNumber, parseHeader } from '../heads/headers.ts'
import { garbage } from '../words/hex.ts'
import type { CodeCheck } from './code-check.ts'
import { MULTICALL3 } from './multicall.ts'
import {
  type BlockPin,
  blockParameter,
  type MulticallOptions,
  type ReadOutcome,
  readAll,
  type StateRead,
} from './multicall-reads.ts'

/** Shorter code, in hex characters, cannot be Multicall3: `0x`, or a stub. */
const MIN_CODE_CHARACTERS = 64

/** What is known about the abilities of a chain's nodes, so that it is not requested again. */
export class Abilities {
  /** The lowest block at which Multicall3 was found, and the highest at which it was not. */
  #presentFrom = Number.POSITIVE_INFINITY
  #absentUntil = -1
  /** Nodes (by label) that do not accept a block hash as a block parameter. */
  readonly withoutHashes = new Set<string>()

  /** Undefined: not known for that block. */
  hasMulticall(block: number): boolean | undefined {
    if (block >= this.#presentFrom) return true
    return block <= this.#absentUntil ? false : undefined
  }

  sawMulticall(block: number, present: boolean): void {
    if (present) this.#presentFrom = Math.min(this.#presentFrom, block)
    else this.#absentUntil = Math.max(this.#absentUntil, block)
  }
}

/** Reads at one block. */
export type PinnedReads = { readonly block: BlockRef; readonly outcomes: readonly ReadOutcome[] }

/** How reads at one block are made, and what is known of the nodes. */
export type Reader = {
  readonly abilities: Abilities
  readonly coolDowns: CoolDowns
  readonly codeCheck: CodeCheck
  readonly named: NamedHeads
  readonly at: BlockRef | 'latest'
  /** Reads in one multicall. */
  readonly perCall: number
  /** Use the block's number even if the node accepts its hash. */
  readonly byNumber?: boolean
}

/**
 * Makes reads at one block. `work` may make several, all at that block.
 * @throws NODE_BEHIND the node does not have that block as canonical; NODE_NO_STATE; NODE_*
 */
export async function readAtBlock<T>(
  session: RpcSession,
  reader: Reader,
  work: (read: (reads: readonly StateRead[]) => Promise<readonly ReadOutcome[]>, pin: BlockPin) => Promise<T>,
): Promise<{ readonly block: BlockRef; readonly value: T }> {
  const { abilities } = reader
  const block = reader.at === 'latest' ? await newestBlock(session, reader) : reader.at
  const attempt = async (pin: BlockPin): Promise<T> => {
    const multicall = abilities.hasMulticall(block.number) ?? (await findMulticall(session, pin, abilities))
    const options: MulticallOptions = { pin, multicall, coolDowns: reader.coolDowns, perCall: reader.perCall }
    return work((reads) => readAll(session, reads, options), pin)
  }
  if (reader.byNumber !== true && !abilities.withoutHashes.has(session.label)) {
    try {
      return { block, value: await attempt({ block, byHash: true }) }
    } catch (error) {
      if (!isServiceError(error) || error.code !== 'NODE_BLOCK_PARAMETER') throw error
      abilities.withoutHashes.add(session.label)
    }
  }
  const value = await attempt({ block, byHash: false })
  const now = parseHeader(await session.call(blockCall(block.number)), block.number)
  if (now.hash !== block.hash) {
    throw new ServiceError('NODE_BEHIND', 'The block is not the canonical one', { fields: { block: block.number } })
  }
  return { block, value }
}

async function newestBlock(session: RpcSession, { abilities, named }: Reader): Promise<BlockRef> {
  const asks = abilities.hasMulticall(Number.MAX_SAFE_INTEGER) === undefined
  const code = { method: 'eth_getCode', params: [MULTICALL3, 'latest'] }
  const [newest, found] = await session.batch(asks ? [blockCall('latest'), code] : [blockCall('latest')])
  if (newest === undefined) throw garbage('too little')
  const { number, hash } = newest.ok ? parseHeader(newest.result) : await newestByNumber(session, newest.error)
  named.note({ number, hash })
  if (found?.ok === true) abilities.sawMulticall(number, isCode(found.result))
  return { number, hash }
}

async function findMulticall(session: RpcSession, pin: BlockPin, abilities: Abilities): Promise<boolean> {
  const code = await session.call({ method: 'eth_getCode', params: [MULTICALL3, blockParameter(pin)] })
  const present = isCode(code)
  abilities.sawMulticall(pin.block.number, present)
  return present
}

function isCode(value: unknown): boolean {
  return typeof value === 'string' && value.length >= MIN_CODE_CHARACTERS
}
