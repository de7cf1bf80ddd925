import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { KeyVerifier } from '../../../access/keys.ts'
import type { PrincipalKeys } from '../../../access/principal-keys.ts'
import type { KeyScope } from '../../../access/scopes.ts'
import type { Custody } from '../../../custody/custody.ts'
import type { Prices } from '../../../tokens/prices.ts'
import type { TokenFinder, Tokens } from '../../../tokens/tokens.ts'
import { addCheck } from '../../http/checks.ts'
import type { ServedChain } from '../../http/deps.ts'
import type { Dialect, DialectDefinition } from '../../http/dialect.ts'
import { type Access, admit } from './access.ts'
import { Catalogue } from './catalogue.ts'
import type { CoboDeps } from './deps.ts'
import { renderError } from './errors.ts'
import { coboExamples } from './examples.ts'
import { addBalances, addKeys, addMetadata, addPing, addWalletReads, addWalletWrites, TAG } from './routes.ts'
import { type CoboSettings, coboSettings } from './settings.ts'
import type { NameSources } from './vendor-names.ts'

/** What this dialect is made of. `listedAssets`: the tokens of a chain in all lists. */
export type CoboDialectDeps = {
  readonly custody: Custody
  readonly tokens: Tokens
  readonly finder: TokenFinder
  readonly prices: Prices
  readonly chains: readonly ServedChain[]
  readonly keys: KeyVerifier
  readonly principalKeys: PrincipalKeys
  readonly listedAssets: NameSources['listed']
  readonly now: () => number
  readonly log: FastifyBaseLogger
}

/** Cobo's calls over custody wallets: https://www.cobo.com/developers. */
export const COBO: DialectDefinition<'cobo', CoboSettings, CoboDialectDeps> = {
  property: 'cobo',
  key: 'cobo',
  settings: coboSettings,
  create: createCobo,
}

function createCobo(dialectDeps: CoboDialectDeps, settings: CoboSettings): Dialect {
  const { chains, listedAssets, keys, log } = dialectDeps
  if (chains.length === 0) log.info('no chain is configured: cobo answers with empty lists')
  const { anonymous } = settings
  if (anonymous !== undefined) log.info(`cobo: callers without a key read the wallets of ${anonymous}`)
  const catalogue = new Catalogue({ chains, settings, listed: listedAssets })
  const deps: CoboDeps = { ...dialectDeps, catalogue, anonymous }
  return {
    name: 'cobo',
    prefixes: ['/api/v1/'],
    register: (scope) => register(scope, deps, { keys, anonymous }),
    renderError,
    tag: TAG,
    examples: () => coboExamples(deps),
  }
}

function register(scope: FastifyInstance, deps: CoboDeps, access: Access): void {
  const behind = (needed: KeyScope, add: (guarded: FastifyInstance) => void): void => {
    scope.register(async (guarded) => {
      addCheck(guarded, (request) => admit(request, needed, access))
      add(guarded)
    })
  }
  addPing(scope, deps.now)
  behind('wallet:read', (guarded) => {
    addBalances(guarded, deps)
    addWalletReads(guarded, deps)
    addMetadata(guarded, deps)
  })
  behind('wallet:write', (guarded) => addWalletWrites(guarded, deps))
  behind('admin', (guarded) => addKeys(guarded, deps))
}
