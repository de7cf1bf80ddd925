import { dialectsField } from '../api/dialects/list.ts'
import { NAMESPACES } from '../chains/registry.ts'
import { isServiceError } from '../core/errors.ts'
import { parseConfig } from './config.ts'
import type { KindOf } from './words.ts'

/** The chain kinds of this version. */
export const kindOf: KindOf = (chain) => (/^(eip155|ledger):/.test(chain) ? EVM : undefined)
const parseAddress = (text: string) => (/^0x[0-9a-f]{40}$/i.test(text) ? text.toLowerCase() : undefined)
const EVM = { parseAddress, parseToken: parseAddress }
/** The dialects of this version. */
export const dialects = dialectsField({ kindOf, namespaces: NAMESPACES })
export const USDC = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'

/** The lines of the error for a wrong configuration, one mistake each; empty if it is valid. */
export function mistakes(text: string, env: Record<string, string> = {}, needsChains = false): string[] {
  try {
    parseConfig({
      text,
      name: 'steelyard.yaml',
      folder: '/etc/steelyard',
      env,
      kindOf,
      namespaces: NAMESPACES,
      dialects,
      needsChains,
    })
  } catch (error) {
    if (!isServiceError(error, 'CONFIG_INVALID')) throw error
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim())
  }
  return []
}
