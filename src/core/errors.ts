/**
 * All operational errors. `retry`: the same call may succeed later. `expose`: the message may reach an API caller; any
 * other error is answered with the vendor's generic 500 plus a request id.
 */
export const ERRORS = {
  BAD_REQUEST: { retry: false, expose: true, says: 'A parameter is missing or malformed.' },
  PARAMETER_INVALID: { retry: false, expose: true, says: 'A parameter is well-formed but out of its range.' },
  BODY_NOT_JSON: { retry: false, expose: true, says: 'The body is not valid JSON.' },
  BODY_NOT_OBJECT: { retry: false, expose: true, says: 'The body is JSON, but not an object.' },
  UNAUTHORIZED: { retry: false, expose: true, says: 'The API key is missing.' },
  FORBIDDEN: { retry: false, expose: true, says: 'The API key is unknown, revoked, expired or not allowed here.' },
  NOT_FOUND: { retry: false, expose: true, says: 'Nothing is served at this path.' },
  METHOD_NOT_ALLOWED: { retry: false, expose: true, says: 'The path exists, but not with this method.' },
  PAYLOAD_TOO_LARGE: { retry: false, expose: true, says: 'The body is over the limit.' },
  UNSUPPORTED_MEDIA_TYPE: { retry: false, expose: true, says: 'The body is not application/json.' },
  REQUEST_TIMEOUT: { retry: true, expose: true, says: 'The request did not arrive whole in time.' },
  URL_TOO_LONG: { retry: false, expose: true, says: 'The URL of the request is over the limit.' },
  HEADERS_TOO_LARGE: { retry: false, expose: true, says: 'The headers of the request are over the limit.' },
  EXPECTATION_FAILED: {
    retry: false,
    expose: true,
    says: 'The request expects something that this server does not support.',
  },
  TOO_MANY_REQUESTS: { retry: true, expose: true, says: 'The caller is over its limit.' },
  CHAIN_UNSUPPORTED: { retry: false, expose: true, says: 'The chain is not configured here.' },
  NOT_A_TOKEN: { retry: false, expose: true, says: 'The contract does not answer as a token.' },
  BALANCE_UNKNOWN: { retry: true, expose: true, says: 'The balance is not known at any block.' },
  UNAVAILABLE: { retry: true, expose: true, says: 'The request cannot be answered at the moment.' },
  NODE_UNREACHABLE: { retry: true, expose: false, says: 'No connection to the node, or the connection broke.' },
  NODE_TIMEOUT: { retry: true, expose: false, says: 'The node did not answer in time.' },
  NODE_HTTP: { retry: true, expose: false, says: 'The node answered with an HTTP error status.' },
  NODE_REFUSED: { retry: false, expose: false, says: 'The node refused the call (credentials or permission).' },
  NODE_GARBAGE: { retry: true, expose: false, says: 'The node answered with something that is not a valid answer.' },
  NODE_TOO_LARGE: { retry: false, expose: false, says: 'The answer of the node is over the size limit.' },
  NODE_RATE_LIMITED: { retry: true, expose: false, says: 'The node asks for a slower pace.' },
  NODE_RPC: { retry: false, expose: false, says: 'The node answered with a JSON-RPC error of no kind below.' },
  NODE_NO_METHOD: { retry: false, expose: false, says: 'The node does not have the method.' },
  NODE_NO_STATE: { retry: false, expose: false, says: 'The node no longer has the state of the block.' },
  NODE_NO_RECEIPTS: { retry: false, expose: false, says: 'The node does not return the receipts of the block.' },
  NODE_NO_LOGS: { retry: false, expose: false, says: 'The node returns neither logs nor receipts of the block.' },
  NODE_BLOCK_PARAMETER: { retry: false, expose: false, says: 'The node does not accept this way to name a block.' },
  BLOCK_TOO_LARGE: { retry: false, expose: false, says: 'The node refuses the logs of a single block: too many.' },
  CALL_REVERTED: { retry: false, expose: false, says: 'The contract reverted the call.' },
  CALL_FAILED: { retry: false, expose: false, says: 'The call failed in the contract, such as out of gas.' },
  NODE_BEHIND: { retry: true, expose: false, says: 'The node does not have the requested block.' },
  RANGE_TOO_LARGE: { retry: false, expose: false, says: 'The node wants a smaller block range.' },
  CHAIN_MISMATCH: { retry: false, expose: false, says: 'The node is on another chain than the configuration says.' },
  REORG_TOO_DEEP: { retry: false, expose: false, says: 'The chain replaced blocks below the finalized head.' },
  BLOCK_CONFLICT: { retry: true, expose: false, says: 'A block does not link to its parent as we know it.' },
  STORE_UNAVAILABLE: { retry: true, expose: false, says: 'The store cannot be read or written.' },
  STORE_DAMAGED: {
    retry: false,
    expose: false,
    says: 'A file or schema of the store is damaged; the message names it and the remedy.',
  },
  STORE_FULL: { retry: true, expose: false, says: 'The store has no room to write: a full disk, a quota or a limit.' },
  STORE_REPLACED: {
    retry: false,
    expose: false,
    says: 'A file of the store was deleted, replaced or rolled back to an older copy.',
  },
  CLOCK_JUMPED: { retry: true, expose: false, says: "The system's clock jumped, so the ledger accepts no operations." },
  STORE_MISSING: { retry: false, expose: false, says: 'There is no store where the configuration says.' },
  STORE_MISMATCH: { retry: false, expose: false, says: 'The store belongs to another chain or a newer version.' },
  BACKUP_INVALID: {
    retry: false,
    expose: false,
    says: 'A backup is damaged, cut or of a newer version, or the file is no backup.',
  },
  LEASE_HELD: { retry: true, expose: false, says: 'Another process writes this chain.' },
  LEASE_LOST: { retry: false, expose: false, says: 'This process no longer holds the right to write this chain.' },
  CONFIG_INVALID: {
    retry: false,
    expose: false,
    says: 'The configuration is wrong; the message names key, value and expectation.',
  },
  SYSTEM_REFUSED: {
    retry: false,
    expose: false,
    says: 'The operating system refused a file or a connection; the message has its own code.',
  },
  INTERNAL: { retry: false, expose: false, says: 'A bug: please report it with the log line that has its stack.' },
  ABORTED: { retry: false, expose: false, says: 'The work was stopped on purpose.' },
} as const satisfies Record<string, { retry: boolean; expose: boolean; says: string }>

/** A code of the table of errors. */
export type ErrorCode = keyof typeof ERRORS

/** Codes of errors with a message that may leave through an API. Each dialect maps all of them. */
export type ExposableCode = {
  [Code in ErrorCode]: (typeof ERRORS)[Code]['expose'] extends true ? Code : never
}[ErrorCode]

/** Facts about an error that are safe to log: no secrets, no URLs with keys. */
export type ErrorFields = Readonly<Record<string, string | number | boolean | undefined>>

/** An operational failure or a caller's mistake: every error that is not a bug. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError'
  readonly code: ErrorCode
  readonly fields: ErrorFields

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; fields?: ErrorFields } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.fields = options.fields ?? {}
  }

  /** True if the same call may succeed later. */
  get retry(): boolean {
    return ERRORS[this.code].retry
  }

  /** True if the message may reach an API caller. */
  get expose(): boolean {
    return ERRORS[this.code].expose
  }
}

/** Codes of errors that a node returned for one call: it is reachable, and another call may succeed. */
const CALL_ERRORS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NODE_RPC',
  'NODE_NO_METHOD',
  'NODE_NO_STATE',
  'NODE_NO_RECEIPTS',
  'NODE_NO_LOGS',
  'NODE_BLOCK_PARAMETER',
  'BLOCK_TOO_LARGE',
  'CALL_REVERTED',
  'CALL_FAILED',
])

/** True for an error that a node returned for one call. */
export function isCallError(error: unknown): error is ServiceError {
  return error instanceof ServiceError && CALL_ERRORS.has(error.code)
}

/** True for a `ServiceError`; if `code` is given, only for that code. */
export function isServiceError(error: unknown, code?: ErrorCode): error is ServiceError {
  return error instanceof ServiceError && (code === undefined || error.code === code)
}

/** True if the error's message may reach an API caller. */
export function isExposable(error: unknown): error is ServiceError & { code: ExposableCode } {
  return error instanceof ServiceError && error.expose
}

/** The operating system's code of an error, such as `EACCES`; undefined if it is not a system error. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** The code of any error: its own, `SYSTEM_REFUSED` for an error of the operating system, else `INTERNAL`. */
export function codeOf(error: unknown): ErrorCode {
  if (error instanceof ServiceError) return error.code
  return systemCode(error) === undefined ? 'INTERNAL' : 'SYSTEM_REFUSED'
}
