import { NamedHeads } from '../../src/chains/nodes/named-heads.ts'
import type { Reader } from '../../src/chains/starknet/state/read-at-block.ts'
import { Spellings } from '../../src/chains/starknet/state/state-calls.ts'
import { parseAddress } from '../../src/chains/starknet/words/felt.ts'
import { FUNCTIONS, type FunctionName } from '../../src/chains/starknet/words/selectors.ts'
import type { BalanceKey } from '../../src/core/balance.ts'
import type { Standard } from '../../src/core/standards.ts'
import { Fault } from '../nodes/scripted-node.ts'
import { blockHash, type Call } from './tiny-chain.ts'

/** Blocks without transactions. */
export const EMPTY_BLOCKS = Array.from({ length: 5 }, () => [])
/** The block at which state is read. */
export const AT = { number: 3, hash: blockHash(3) }
const ACCOUNT = parseAddress('0xa') ?? ''

/** The answers of one contract: felts, or a fault; functions without an answer do not exist. */
export type Contract = Partial<
  Record<FunctionName, readonly string[] | Fault | ((calldata: readonly string[]) => readonly string[])>
>

/** A call that panicked. */
export const REVERTED = new Fault(40, 'Contract error', { revert_error: "0x46 ('F')" })

const NAMES = new Map<string, FunctionName>(
  Object.entries(FUNCTIONS).map(([name, selector]) => [selector, name as FunctionName]),
)

/** Answers for these contracts. `missing`: the fault of a function that does not exist. */
export function contracts(
  deployed: Readonly<Record<string, Contract>>,
  missing = (): Fault => new Fault(21, 'Requested entry point does not exist in the contract'),
): Call {
  return ({ contract, selector, calldata }) => {
    const functions = deployed[contract]
    if (functions === undefined) throw new Fault(20, 'Contract not found')
    const answer = functions[NAMES.get(selector) ?? 'name']
    if (answer === undefined) throw missing()
    if (answer instanceof Fault) throw answer
    return typeof answer === 'function' ? answer(calldata) : answer
  }
}

/** A reader that knows nothing yet. */
export function reader(over: Partial<Reader> = {}): Reader {
  return { named: new NamedHeads(() => 0), spellings: new Spellings(), at: AT, ...over }
}

/** The balance of account 0xa. */
export function key(contract: string, standard: Standard = 'erc20', item = ''): BalanceKey {
  return { account: ACCOUNT, asset: { standard, reference: parseAddress(contract) ?? '' }, item }
}
