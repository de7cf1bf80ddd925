import { shortString } from './felt.ts'
import { RpcError } from './json-rpc.ts'
import type { FunctionCall } from './params.ts'
import { Panic } from './program.ts'
import type { State } from './state.ts'

/** The message of a call of a function that a contract does not have. */
const MISSING = 'ENTRYPOINT_NOT_FOUND'

/** The error of a missing function: a plain one with this message, or a contract error that names it. */
export type MissingError = { readonly code: 21; readonly message: string } | { readonly code: 40 }

/**
 * The felts that a view function returns.
 * @throws RpcError 20 no contract; 21 or 40, as `missing` says, no such function; 40 the call reverts
 */
export function callContract(state: State, call: FunctionCall, missing: MissingError): readonly string[] {
  const contract = state.contracts.get(call.address)
  if (contract === undefined) throw new RpcError(20, 'Contract not found')
  const classHash = contract.program.classOf(contract.storage)
  const entry = contract.program.entries.get(call.selector)
  if (entry === undefined) {
    throw missing.code === 40 ? contractError(call, classHash, MISSING) : new RpcError(21, missing.message)
  }
  try {
    return entry(contract.storage, call.calldata)
  } catch (error) {
    if (!(error instanceof Panic)) throw error
    throw contractError(call, classHash, error.message)
  }
}

/** Code 40, with the frames of the call: the text is in the innermost one, as a felt and in quotes. */
function contractError({ address, selector }: FunctionCall, classHash: string, text: string): RpcError {
  const frame = { contract_address: address, class_hash: classHash, selector }
  const error = `${shortString(text.slice(0, 31))} ('${text}')`
  return new RpcError(40, 'Contract error', { revert_error: { ...frame, error: { ...frame, error } } })
}
