import type { RpcSession } from '../../../net/session.ts'
import { type BlockPin, blockParameter, type ReadOutcome, type StateRead } from './multicall-reads.ts'

/**
 * Zero bytes of an address from which on it cannot be the hash that contracts are deployed at: one contract in 10^14 has
 * eight of 20. Precompiles have ten or more on every chain that we know of, and they answer calls without having code.
 */
const MIN_ZERO_BYTES = 8
/** Addresses with code that are remembered: all genesis contracts of a chain and the vanity addresses in use. */
const MAX_REMEMBERED = 10_000

/** What is known of contracts' code at one block. `unknown`: the node did not say. */
export type CodeAnswers = { readonly without: ReadonlySet<string>; readonly unknown: ReadonlySet<string> }

/** Finds contracts without code among those that were read: an empty account, a destroyed contract, a precompile. */
export class CodeCheck {
  /** Addresses that look like a precompile's and have code: precompiles have none at any block. */
  readonly #withCode = new Set<string>()

  /**
   * The code of those read contracts that may have none, at the block of the reads. Only a contract with code or a
   * precompile can answer with data, so addresses that no precompile can have are asked about only if they said nothing.
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
      // Precompiles refuse what is no input of theirs, as contracts do.
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

/** True of addresses that are no hash: a precompile's, or one that a chain's genesis or much work gave to a contract. */
function mayBePrecompile(address: string): boolean {
  let zeroBytes = 0
  for (let at = 2; at < 42; at += 2) if (address.charCodeAt(at) === 48 && address.charCodeAt(at + 1) === 48) zeroBytes++
  return zeroBytes >= MIN_ZERO_BYTES
}
