/** Part of the composition root: the store of the configuration, with what the configured chains need. */
import { fixedClassesOf, kindOf } from '../chains/registry.ts'
import type { ChainConfig } from '../config/chains.ts'
import { assert } from '../core/assert.ts'
import type { ChainId } from '../core/chain.ts'
import { isServiceError, ServiceError } from '../core/errors.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/seam/store.ts'
import type { AppConfig } from './app-config.ts'
import type { ThreadData } from './start-indexer.ts'

/** The kind of a configured chain. */
export function configuredKind(chain: ChainId) {
  const definition = kindOf(chain)
  assert(definition !== undefined, `the configuration accepts only known kinds: ${chain}`)
  return definition
}

/**
 * Opens the store of the configuration. `create` false: it must exist.
 * @throws STORE_MISSING with what helps; STORE_UNAVAILABLE, STORE_MISMATCH
 */
export async function openConfiguredStore(config: AppConfig, create: boolean): Promise<Store> {
  const codecOf = (chain: ChainId) => configuredKind(chain).accountCodec
  const classesOf = (chain: ChainId) => fixedClassesOf(chain, config.tokens.accounting)
  try {
    return await openStore({ url: config.store, create, codecOf, classesOf })
  } catch (error) {
    if (!isServiceError(error, 'STORE_MISSING')) throw error
    const remedy = 'start "steelyard serve --role indexer" with this configuration first, or correct its key "store"'
    throw new ServiceError('STORE_MISSING', `${error.message}: ${remedy}`, { cause: error, fields: error.fields })
  }
}

/** What the indexer of a configured chain needs. */
export function indexerDataOf(config: AppConfig, chain: ChainConfig): ThreadData {
  const { store, loadFolder } = config
  return { store, loadFolder, chain, fixedAccounting: fixedClassesOf(chain.id, config.tokens.accounting) }
}
