import { type Command, Option } from 'commander'
import { createKey } from '../access/keys.ts'
import { parseAddressRange, parseOrigin } from '../access/origins.ts'
import { type KeyScope, type KeyStore, SCOPES } from '../store/seam/keys.ts'
import { type ConfigChoice, configOption } from './config-option.ts'
import { parseExpiry } from './expiry.ts'
import { helpText } from './help-text.ts'
import { parseLabel } from './label-option.ts'
import { type Terminal, UsageError } from './outcome.ts'
import { alignedLines } from './table.ts'
import { now, timeText } from './time-text.ts'
import { withStore } from './with-store.ts'

type CreateOptions = ConfigChoice & {
  readonly name: string
  readonly scope?: readonly KeyScope[]
  readonly principal: string
  readonly expires?: number
  readonly origin?: readonly string[]
  readonly ip?: readonly string[]
}

/** `steelyard keys create|list|revoke`: manages API keys. */
export function addKeys(program: Command, terminal: Terminal): void {
  const keys = program.command('keys').description('create, list and revoke API keys')
  addCreate(keys, terminal)
  addList(keys, terminal)
  keys
    .command('revoke')
    .description('revoke a key permanently, by its id: the 8 characters before the dot')
    .argument('<id>')
    .addOption(configOption())
    .action(async (id: string, options: ConfigChoice) => {
      const found = await withStore({ choice: options, terminal, create: false }, (store) =>
        store.keys.revoke(id.split('.')[0] ?? id, now()),
      )
      if (!found) throw new UsageError(`no key ${JSON.stringify(id.slice(0, 8))}; "steelyard keys list" lists all keys`)
      terminal.err('Revoked. A running server rejects it within a second.\n')
    })
}

type ListedKey = Awaited<ReturnType<KeyStore['list']>>[number]

function addList(keys: Command, terminal: Terminal): void {
  keys
    .command('list')
    .description('list all keys; the store does not keep the secrets')
    .addOption(configOption())
    .option('--json', 'one JSON object per line, with users, origins, addresses and exact times')
    .addHelpText(
      'after',
      helpText(
        '\nA key is disabled if a user made it in a session and the user was disabled. The last use is stored within 10 ' +
          'seconds. Dates are UTC.' +
          '\n\nExamples:\n  $ steelyard keys list\n  $ steelyard keys list --json',
      ),
    )
    .action(async (options: ConfigChoice & { readonly json?: true }) => {
      const stored = await withStore({ choice: options, terminal, create: false }, (store) => store.keys.list())
      const at = now()
      const space = { columns: terminal.columns, bounds: WIDTHS }
      if (options.json === true) for (const key of stored) terminal.out(`${JSON.stringify(facts(key, at))}\n`)
      else if (stored.length === 0)
        terminal.err('There are no keys yet. "steelyard keys create --name me" creates one.\n')
      else for (const line of alignedLines([HEADING, ...stored.map((key) => row(key, at))], space)) terminal.out(line)
    })
}

const HEADING = ['ID', 'NAME', 'PRINCIPAL', 'SCOPES', 'STATE', 'CREATED', 'EXPIRES', 'LAST USED']
/** Together with the gaps a row fits 80 columns, unless a key has many scopes. */
const WIDTHS = [8, 12, 9, 16, 8, 10, 10, 10]

function row(key: ListedKey, at: number): readonly string[] {
  const day = (time: number | undefined): string => (time === undefined ? 'never' : timeText(time).slice(0, 10))
  const { id, name, principal, scopes, createdAt, expiresAt, usedAt } = key
  return [id, name, principal, scopes.join(','), stateOf(key, at), day(createdAt), day(expiresAt), day(usedAt)]
}

/** Times are RFC 3339 in UTC, or null. Later versions may add keys, but change none. */
function facts(key: ListedKey, at: number): Readonly<Record<string, unknown>> {
  const time = (given: number | undefined): string | null => (given === undefined ? null : timeText(given))
  const { id, name, principal, scopes, origins, ips } = key
  return {
    ...{ id, name, principal, scopes, origins, ips },
    user: key.user?.name ?? null,
    state: stateOf(key, at),
    created: time(key.createdAt),
    expires: time(key.expiresAt),
    revoked: time(key.revokedAt),
    last_used: time(key.usedAt),
  }
}

/** `disabled`: the user who made the key is disabled. */
function stateOf({ revokedAt, expiresAt, user }: ListedKey, at: number): 'active' | 'disabled' | 'expired' | 'revoked' {
  if (revokedAt !== undefined) return 'revoked'
  if (user?.disabledAt !== undefined) return 'disabled'
  return expiresAt !== undefined && expiresAt <= at ? 'expired' : 'active'
}

function addCreate(keys: Command, terminal: Terminal): void {
  keys
    .command('create')
    .description('create a key and print it to standard output, only once')
    .addOption(configOption())
    .requiredOption('--name <name>', 'what the key is for', parseLabel)
    .addOption(
      new Option('--scope <scope...>', `what the key may do: ${SCOPES.join(', ')} (default: read)`).argParser(
        parseScope,
      ),
    )
    .option('--principal <principal>', 'who uses the key', parseLabel, 'default')
    .option('--expires <when>', 'a date (2027-01-31), a time (2027-01-31T12:00:00Z) or a span (90d, 12h)', (given) =>
      parseExpiry(given, now()),
    )
    .option('--origin <origin>', 'allowed origin, may be repeated', collect('--origin', parseOrigin))
    .option('--ip <address>', 'allowed address or CIDR range, may be repeated', collect('--ip', parseAddressRange))
    .addHelpText(
      'after',
      helpText(
        '\nExamples:\n  $ KEY=$(steelyard keys create --name portfolio)\n' +
          '  $ steelyard keys create --name desk --scope read --scope write \\\n      --principal treasury --expires 90d',
      ),
    )
    .action(async (options: CreateOptions) => {
      const { raw, stored } = createKey({
        name: options.name,
        principal: options.principal,
        scopes: options.scope ?? ['read'],
        origins: options.origin ?? [],
        ips: options.ip ?? [],
        createdAt: now(),
        ...(options.expires === undefined ? {} : { expiresAt: options.expires }),
      })
      await withStore({ choice: options, terminal, create: true }, (store) => store.keys.put(stored))
      terminal.err(`Key ${stored.id} for ${stored.principal} (${stored.scopes.join(', ')}). It is not shown again:\n`)
      terminal.out(`${raw}\n`)
    })
}

function parseScope(given: string, before: readonly KeyScope[] | undefined): readonly KeyScope[] {
  const scopes = given.split(',').map((word) => {
    const scope = SCOPES.find((one) => one === word)
    if (scope === undefined) throw new UsageError(`--scope: got ${JSON.stringify(word)}, expected ${SCOPES.join(', ')}`)
    return scope
  })
  return [...new Set([...(before ?? []), ...scopes])]
}

function collect(option: string, parse: (text: string) => string | undefined) {
  return (given: string, before: readonly string[] = []): readonly string[] => {
    const parsed = parse(given)
    if (parsed === undefined) throw new UsageError(`${option}: got ${JSON.stringify(given)}, which is not valid`)
    return [...before, parsed]
  }
}
