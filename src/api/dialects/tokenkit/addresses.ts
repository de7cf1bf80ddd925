import { ServiceError } from '../../../core/errors.ts'
import type { ServedChain } from '../../http/deps.ts'
import { ParameterError } from '../../schema/query.ts'

/** An address in any usual form: 0x and 1 to 64 hex digits, in any case, with or without leading zeros. */
const HEX = /^0[xX]0*([0-9a-fA-F]{0,64})$/
/** The longest form: 0x and 64 digits. */
const MAX_CHARACTERS = 66
const DIGITS_OF_FORMS = [40, 64]

/** Returns the canonical address of the chain, or undefined if the text is none. */
export function canonicalAddress(
  text: string,
  { parseAddress }: Pick<ServedChain, 'parseAddress'>,
): string | undefined {
  if (text.length > MAX_CHARACTERS || text.length < 3) return undefined
  const digits = HEX.exec(text)?.[1]
  if (digits === undefined) return undefined
  for (const width of DIGITS_OF_FORMS) {
    const parsed = digits.length > width ? undefined : parseAddress(`0x${digits.padStart(width, '0')}`)
    if (parsed !== undefined) return parsed
  }
  return undefined
}

const HASH = /^0[xX][0-9a-fA-F]{1,64}$/

/**
 * Returns the hash of a block or a transaction as the chain writes it, or undefined if the text is none. Some chains write
 * all 64 digits, others no leading zeros.
 */
export function canonicalHash(text: string, { parseHash }: Pick<ServedChain, 'parseHash'>): string | undefined {
  return HASH.test(text) ? parseHash?.(`0x${text.slice(2).toLowerCase().padStart(64, '0')}`) : undefined
}

/** As `canonicalAddress`, for a parameter. @throws ParameterError */
export function addressParameter(name: string, text: string, chain: Pick<ServedChain, 'parseAddress'>): string {
  const address = canonicalAddress(text, chain)
  if (address === undefined) throw new ParameterError([{ parameter: name, problem: 'malformed', type: 'string' }])
  return address
}

/**
 * As `addressParameter`, for an account whose tokens or transfers are listed.
 * @throws ParameterError; PARAMETER_INVALID it is the zero address: a transfer from it is a mint, and one to it a burn
 */
export function accountParameter(
  name: string,
  text: string,
  chain: Pick<ServedChain, 'parseAddress' | 'zeroAddress'>,
): string {
  const address = addressParameter(name, text, chain)
  if (address !== chain.zeroAddress) return address
  const remedy = 'Mints and burns are among the transfers of a token or a block.'
  throw new ServiceError('PARAMETER_INVALID', `${name}: The zero address has no lists. ${remedy}`)
}
