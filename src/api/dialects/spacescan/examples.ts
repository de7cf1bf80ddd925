import type { TokenFinder } from '../../../tokens/tokens.ts'
import type { ServedChain } from '../../http/deps.ts'
import type { DialectExamples } from '../../http/dialect.ts'

/**
 * Returns example values that work on this server: a token that is listed or indexed. The accounts of such a chain are
 * those that somebody asked for, so none is shown; any address has an answer.
 */
export async function spacescanExamples(finder: TokenFinder, chain: ServedChain | undefined): Promise<DialectExamples> {
  if (chain === undefined) return { values: {} }
  const { rows } = await finder.search(chain.id, { standards: ['cat'], offset: 0, limit: 1 })
  const [first] = rows
  return { values: first === undefined ? {} : { token: first.asset.reference } }
}
