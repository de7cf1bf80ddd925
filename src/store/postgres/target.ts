import { ServiceError } from '../../core/errors.ts'

/** The schema that holds the tables, if the URL names none. */
const DEFAULT_SCHEMA = 'steelyard'
/** Names of the form that needs no quotes in SQL. PostgreSQL reserves those that begin with `pg_`. */
const SCHEMA = /^(?!pg_|information_schema$)[a-z_][a-z0-9_]{0,62}$/

/** Which server, database and schema a URL names. */
export type Target = {
  /** For the driver: without the parameters that are ours. */
  readonly url: string
  readonly schema: string
  /** Settings that the URL passes to the server, as command-line options. */
  readonly options: string
  /** `host:port/database` for messages, without credentials. */
  readonly place: string
  readonly role: string
  readonly database: string
}

/**
 * Parses `postgres://role:password@host:port/database?schema=name`. All other parameters are the driver's, such as
 * `sslmode`.
 * @throws CONFIG_INVALID it is no such URL
 */
export function parseTarget(text: string): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const parts = url === undefined ? undefined : decodedParts(url)
  if (url === undefined || parts === undefined || !/^postgres(ql)?:$/.test(url.protocol)) {
    // The text may contain a password, so no message repeats it.
    throw invalid(
      'expected postgres://role:password@host:port/database; write special characters of the password as %XX',
    )
  }
  const schema = url.searchParams.get('schema') ?? DEFAULT_SCHEMA
  if (!SCHEMA.test(schema)) {
    throw invalid(`the schema must be up to 63 of a-z, 0-9 and _, not beginning with a digit or pg_: got ${schema}`)
  }
  if (url.searchParams.has('application_name')) {
    throw invalid('remove application_name from the URL: Steelyard names its connections after the schema')
  }
  const options = url.searchParams.get('options') ?? ''
  url.searchParams.delete('schema')
  url.searchParams.delete('options')
  const host = url.searchParams.get('host') ?? (url.hostname || 'localhost')
  const { role, path } = parts
  const database = path || role
  return { url: url.href, schema, options, place: `${host}:${url.port || '5432'}/${database}`, role, database }
}

/** The role and the database as they are written without %XX; undefined if some %XX is no text. */
function decodedParts({ username, password, pathname }: URL) {
  try {
    decodeURIComponent(password)
    return { role: decodeURIComponent(username), path: decodeURIComponent(pathname.slice(1)) }
  } catch {
    return undefined
  }
}

function invalid(says: string): ServiceError {
  return new ServiceError('CONFIG_INVALID', `store: ${says}`)
}
