import pg from 'pg'
import { type ErrorCode, ServiceError, systemCode } from '../../core/errors.ts'
import { DamagedValue } from '../../journal/damaged-value.ts'
import type { Target } from './target.ts'

/** What to do about an error of the server, by its SQLSTATE or a class of them, most specific first. */
type Remedy = { readonly code: ErrorCode; readonly says: (target: Target) => string }

const REMEDIES: readonly (readonly [RegExp, Remedy])[] = [
  [/^28/, { code: 'CONFIG_INVALID', says: ({ role }) => `check the password of role ${role} and pg_hba.conf` }],
  [/^3D000/, { code: 'CONFIG_INVALID', says: () => 'create the database, or correct its name in the URL' }],
  [
    /^42501/,
    {
      code: 'CONFIG_INVALID',
      says: ({ schema, role }) =>
        `as its owner run: CREATE SCHEMA IF NOT EXISTS ${schema} AUTHORIZATION ${role}; ` +
        `if the schema exists: ALTER SCHEMA ${schema} OWNER TO ${role}, and the same for its tables`,
    },
  ],
  [
    /^25006/,
    { code: 'STORE_UNAVAILABLE', says: () => 'the server is read-only, as a replica is: name the primary server' },
  ],
  [/^53100/, { code: 'STORE_FULL', says: () => "make room on the server's disk" }],
  [/^53300/, { code: 'STORE_UNAVAILABLE', says: () => "raise the server's max_connections, or close other clients" }],
  [
    /^57014|^55P03|^25P03/,
    { code: 'STORE_UNAVAILABLE', says: () => 'a statement took too long: look for locks and load' },
  ],
  [/^57P0|^08/, { code: 'STORE_UNAVAILABLE', says: () => 'the server is stopping, starting or unreachable' }],
  [/^XX00[12]|^58/, { code: 'STORE_DAMAGED', says: () => 'restore the database from its newest backup' }],
  // Our statements are fixed, so what they name is missing only if someone changed the tables.
  [/^42/, { code: 'STORE_DAMAGED', says: ({ schema }) => `the tables of schema ${schema} were changed: restore them` }],
]

/** Codes of the operating system for a server that does not answer where the URL says. */
const NO_SERVER = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'ENOENT',
])

/**
 * Converts an error of the driver, the server or a stored value to the store's errors. Other errors are returned as they
 * are. No message contains the password.
 */
export function storeError(error: unknown, target: Target): unknown {
  if (error instanceof DamagedValue) {
    const message = `${target.place} holds a value that Steelyard did not write (${error.message}): restore a backup`
    return new ServiceError('STORE_DAMAGED', message, { cause: error })
  }
  if (!(error instanceof Error) || error instanceof ServiceError) return error
  if (error instanceof pg.DatabaseError) return serverError(error, target)
  const system = systemCode(error) ?? systemCodeOfFirst(error)
  if (system !== undefined && NO_SERVER.has(system)) {
    const says = `store: no PostgreSQL server answers at ${target.place} (${system}): start it, or correct host and port`
    return new ServiceError('STORE_UNAVAILABLE', says, { cause: error, fields: { system } })
  }
  // The driver throws plain errors. One of another class is a bug.
  if (system === undefined && error.name !== 'Error') return error
  if (SETTING.test(error.message)) {
    return new ServiceError('CONFIG_INVALID', `store: ${target.place}: ${error.message}`, { cause: error })
  }
  if (system !== undefined || DRIVER.test(error.message)) {
    const says = `store: the connection to ${target.place} failed (${error.message})`
    return new ServiceError('STORE_UNAVAILABLE', says, { cause: error })
  }
  return error
}

/** Errors of the driver, which have no codes: about what the URL lacks, and about a connection that was lost. */
const SETTING = /password must be a|does not support SSL/
const DRIVER = /timeout|terminated|[Cc]onnection|not queryable|SSL|SASL|stream/

function serverError(error: pg.DatabaseError, target: Target): ServiceError {
  const state = error.code ?? ''
  const remedy = REMEDIES.find(([states]) => states.test(state))?.[1]
  const says = remedy === undefined ? '' : `: ${remedy.says(target)}`
  const message = `store: ${target.place}: ${error.message}${says}`
  return new ServiceError(remedy?.code ?? 'STORE_UNAVAILABLE', message, { cause: error, fields: { sqlstate: state } })
}

/** Such a transaction runs no further statement, and so prepares none that was sent twice. */
const FAILED_BEFORE = new Set(['25P02', '26000'])

/** True if a statement failed only because another one of its transaction had failed. `error`: as the store throws it. */
export function isOfFailedTransaction(error: unknown): boolean {
  if (!(error instanceof ServiceError && error.cause instanceof pg.DatabaseError)) return false
  return FAILED_BEFORE.has(error.cause.code ?? '')
}

/** Node tries each address of a host, and collects the errors. */
function systemCodeOfFirst(error: Error): string | undefined {
  return error instanceof AggregateError ? systemCode(error.errors[0]) : undefined
}
