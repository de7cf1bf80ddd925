import type { RpcSession } from '../../nodes/session.ts'
import { type BlockPin, blockParameter, type ReadOutcome, type StateRead } from './multicall-reads.ts'

/**
 * An address with this many zero bytes cannot be a contract's hash: one contract in 10^14 has eight of 20. Precompiles
 * have ten or more on every known chain, and they answer calls without having code.
 */
const MIN_ZERO_BYTES = 8
/** Most addresses with code to remember: all genesis contracts of a chain and the vanity addresses in use. */
const MAX_REMEMBERED = 10_000

/** What is known about contracts' code at one block. `unknown`: the node did not answer. */
export type CodeAnswers = { readonly without: ReadonlySet<string>; readonly unknown: ReadonlySet<string> }

/** Finds contracts without code among those that were read: empty accounts, destroyed contracts, precompiles. */
export class CodeCheck {
  /** Addresses that look like a precompile's but have code. Precompiles have none at any block. */
  readonly #withCode = new Set<string>()

  /**
   * Reads the code of those contracts that may have none, at the block of the reads. Only a contract with code or a
   * precompile can answer with data. So an address that cannot be a precompile is checked only if it returned nothing.
   * @throws NODE_*
   */
  async check(
    session: RpcSession,
    outcomes: Iterable<readonly [StateRead, ReadOutcome | undefined]>,
    pin: BlockPin,
  ): Promise<CodeAnswers> {
    const targets = this.#targets(outcomes)
    if (targets.size === 0) return NONE
    const asked = [...targets]
    const answers = await session.batch(
      asked.map((target) => ({ method: 'eth_getCode', params: [target, blockParameter(pin)] })),
    )
    const [without, unknown] = [new Set<string>(), new Set<string>()]
    for (const [index, target] of asked.entries()) {
      const answer = answers[index]
      if (answer?.ok !== true || typeof answer.result !== 'string') unknown.add(target)
      else if (answer.result === '0x') without.add(target)
      else if (mayBePrecompile(target)) this.#remember(target)
    }
    return { without, unknown }
  }

  #targets(outcomes: Iterable<readonly [StateRead, ReadOutcome | undefined]>): ReadonlySet<string> {
    const [targets, answered] = [new Set<string>(), new Set<string>()]
    for (const [{ target, native }, outcome] of outcomes) {
      if (native !== undefined || outcome === undefined) continue
      const isNoHash = mayBePrecompile(target) && !this.#withCode.has(target)
      if (outcome.ok && outcome.data !== '0x' && !isNoHash) answered.add(target)
      // Precompiles reject invalid input, as contracts do.
      else if (outcome.ok || (isNoHash && outcome.failure !== 'node')) targets.add(target)
    }
    for (const target of answered) targets.delete(target)
    return targets
  }

  #remember(target: string): void {
    if (this.#withCode.size >= MAX_REMEMBERED) this.#withCode.clear()
    this.#withCode.add(target)
  }
}

const NONE: CodeAnswers = { without: new Set(), unknown: new Set() }

/**
 * True for an address that is not a hash: a precompile, a genesis contract, or a vanity address that took much work.
 */
function mayBePrecompile(address: string): boolean {
  let zeroBytes = 0
  for (let at = 2; at < 42; at += 2) if (address.charCodeAt(at) === 48 && address.charCodeAt(at + 1) === 48) zeroBytes++
  return zeroBytes >= MIN_ZERO_BYTES
}
