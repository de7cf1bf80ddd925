import type { ServedChain } from '../../http/deps.ts'
import { ParameterError } from '../../schema/query.ts'

/** The account of the address in a path. @throws ParameterError it is no address of the chain */
export function accountOf({ address }: { readonly address: string }, { parseAddress }: ServedChain): string {
  const account = parseAddress(address)
  if (account !== undefined) return account
  throw new ParameterError([{ parameter: 'address', problem: 'malformed', type: 'string' }])
}
