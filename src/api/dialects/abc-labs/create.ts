import type { FastifyBaseLogger } from 'fastify'
import type { KeyVerifier } from '../../../access/keys.ts'
import type { Balances } from '../../../balances/balances.ts'
import { ServiceError } from '../../../core/errors.ts'
import type { Ledger } from '../../../ledger/ledger.ts'
import { addCheck, type CheckedRequest } from '../../http/checks.ts'
import { allowsOrigin } from '../../http/cors.ts'
import type { ServedChain } from '../../http/deps.ts'
import type { Dialect, DialectDefinition } from '../../http/dialect.ts'
import { acceptKey } from '../../http/require-key.ts'
import type { AbcDeps } from './deps.ts'
import { renderError } from './errors.ts'
import { abcExamples } from './examples.ts'
import { addReads, addWrites, TAG } from './routes.ts'
import { type AbcLabsSettings, abcLabsSettings } from './settings.ts'

/** What this dialect is made of. `ledger` is undefined if the configured one does not exist. */
export type AbcLabsDeps = {
  readonly balances: Balances
  readonly ledger: Ledger | undefined
  readonly chains: readonly ServedChain[]
  readonly keys: KeyVerifier
  readonly now: () => number
  readonly log: FastifyBaseLogger
}

/** ABC-Labs' token calls over the issuer's own ledger. */
export const ABC_LABS: DialectDefinition<'abcLabs', AbcLabsSettings, AbcLabsDeps> = {
  property: 'abcLabs',
  key: 'abc-labs',
  settings: abcLabsSettings,
  create: createAbcLabs,
}

/** The dialect does not claim all of `/api/`, because another vendor uses it too. */
function createAbcLabs(deps: AbcLabsDeps, settings: AbcLabsSettings): Dialect {
  const { ledger, log } = deps
  if (ledger === undefined) log.info(`${settings.chain} is not configured: abc-labs answers its calls with 503`)
  const calls = () => withLedger(deps, settings)
  return {
    name: 'abc-labs',
    prefixes: [
      ...['balance', 'mint', 'transfer', 'burn', 'transactions'].map((name) => `/api/tokens/${name}/`),
      '/api/assets/',
      '/api/wallets/',
    ],
    register: (scope) => {
      addCheck(scope, (request) => {
        calls()
        return admit(request, settings, deps.keys)
      })
      addReads(scope, { calls, settings })
      addWrites(scope, { calls, settings })
    },
    renderError,
    tag: TAG,
    examples: () => abcExamples(deps, settings),
  }
}

/** Returns the dependencies of the calls. @throws UNAVAILABLE no ledger is configured for the dialect */
function withLedger({ balances, ledger, now }: AbcLabsDeps, { chain }: AbcLabsSettings): AbcDeps {
  if (ledger === undefined || chain === undefined) throw new ServiceError('UNAVAILABLE', 'No ledger is configured')
  return { balances, ledger, chain, now }
}

/**
 * Accepts a request with a key of the right scope. Without configured keys it accepts everyone, but no writes from
 * pages of a foreign origin: such a page may run in a browser on the issuer's own machine.
 */
function admit(request: CheckedRequest, settings: AbcLabsSettings, keys: KeyVerifier): void | Promise<void> {
  const isWrite = request.method === 'POST'
  if (settings.keys) return acceptKey(request, keys, isWrite ? 'write' : 'read')
  if (isWrite && !allowsOrigin(settings.origins, request)) {
    throw new ServiceError('FORBIDDEN', 'Origin is not allowed')
  }
}
