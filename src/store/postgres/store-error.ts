import pg from 'pg'
import { type ErrorCode, ServiceError, systemCode } from '../../core/errors.ts'
import { DamagedValue } from '../../journal/damaged-value.ts'
import type { Target } from './target.ts'

/** What to do about an error of the server, by its SQLSTATE or a class of them, most specific first. */
type Remedy = { readonly code: ErrorCode; readonly says: (target: Target) => string }

const REMEDIES: readonly (readonly [RegExp, Remedy])[] = [
  [
    /^28/,
    {
      code: 'CONFIG_INVALID',
      says: ({ role }) =>
        role === '' ? 'name the role in the URL' : `check the password of role ${role} and pg_hba.conf`,
    },
  ],
  [/^3D000/, { code: 'CONFIG_INVALID', says: () => 'create the database, or correct its name in the URL' }],
  [
    /^42501/,
    {
      code: 'CONFIG_INVALID',
      says: ({ database, schema, role }) => {
        const [to, on] = [pg.escapeIdentifier(role), pg.escapeIdentifier(database)]
        const others = `if schema ${schema} is another role's: ALTER SCHEMA ${schema} OWNER TO ${to}, and the same for its tables`
        return `as an administrator run: GRANT CONNECT, CREATE ON DATABASE ${on} TO ${to}; ${others}`
      },
    },
  ],
  [/^25006/, { code: 'STORE_UNAVAILABLE', says: () => READ_ONLY }],
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

/** What to do if only reading is allowed: on a standby, or by a setting of the server, the database, the role or the URL. */
export const READ_ONLY = 'name the primary server, or turn default_transaction_read_only off'

/** What to do about a parameter that the server refuses as a connection begins, before any statement of ours. */
const REFUSED: Remedy = { code: 'CONFIG_INVALID', says: () => 'correct "options" in the URL' }

/** PgBouncer does not pass on what sets the schema. A server that stops has the same SQLSTATE, and no such words, which are never translated. */
const POOLER: Remedy = {
  code: 'CONFIG_INVALID',
  says: () => 'name the server itself, or a pooler that passes on "options"',
}

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
  if (system !== undefined && NO_SERVER.has(system) && !isOfFile(error)) {
    const says = `store: no PostgreSQL server answers at ${target.place} (${system}): start it, or correct host and port`
    return new ServiceError('STORE_UNAVAILABLE', says, { cause: error, fields: { system } })
  }
  // The driver throws plain errors. One of another class is a bug.
  if (system === undefined && error.name !== 'Error') return error
  const setting = isOfFile(error) ? CERTIFICATES : SETTINGS.find(([texts]) => texts.test(error.message))?.[1]
  if (setting !== undefined) {
    const says = `store: ${target.place}: ${setting} (${error.message})`
    return new ServiceError('CONFIG_INVALID', says, { cause: error })
  }
  if (system !== undefined || DRIVER.test(error.message)) {
    const says = `store: the connection to ${target.place} failed (${error.message}): look whether a PostgreSQL server runs there, and try again`
    return new ServiceError('STORE_UNAVAILABLE', says, { cause: error })
  }
  return error
}

/** Errors of the driver, which have no codes: about what the URL lacks, and about a connection that was lost. */
const DRIVER = /timeout|terminated|[Cc]onnection|not queryable|SSL|SASL|stream/
const CERTIFICATES = 'correct sslrootcert, sslcert or sslkey in the URL'
const SETTINGS: readonly (readonly [RegExp, string])[] = [
  [/password must be a/, 'write the password into the URL, $PGPASSWORD or ~/.pgpass'],
  [/does not support SSL/, 'turn ssl on in the server, or leave sslmode out of the URL'],
  [/certificate/, 'name its authority in the URL, as sslrootcert=<file>'],
]

/** True if the system refused a file that the URL names: a connection is read too, but never opened, and is no directory. */
function isOfFile(error: Error): boolean {
  return 'syscall' in error && (error.syscall === 'open' || systemCode(error) === 'EISDIR')
}

function serverError(error: pg.DatabaseError, target: Target): ServiceError {
  const state = error.code ?? ''
  const remedy = remedyOf(error, state)
  const says = remedy === undefined ? '' : `: ${remedy.says(target)}`
  const message = `store: ${target.place}: ${error.message}${says}`
  return new ServiceError(remedy?.code ?? 'STORE_UNAVAILABLE', message, { cause: error, fields: { sqlstate: state } })
}

function remedyOf({ severity, message }: pg.DatabaseError, state: string): Remedy | undefined {
  if (severity === 'FATAL' && /^(22|42[^5])/.test(state)) return REFUSED
  if (state === '08P01' && message.includes('unsupported startup parameter')) return POOLER
  return REMEDIES.find(([states]) => states.test(state))?.[1]
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
