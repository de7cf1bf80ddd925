import { type Command, Option } from 'commander'
import { createKey } from '../api/keys.ts'
import { parseAddressRange, parseOrigin } from '../config/words.ts'
import { isLabel } from '../core/label.ts'
import { openStore } from '../store/open.ts'
import { type KeyScope, type KeyStore, SCOPES, type StoredKey } from '../store/store.ts'
import { codecOf } from './account-codec.ts'
import { type ConfigChoice, configOption, readConfigAloud } from './config-option.ts'
import { parseExpiry } from './expiry.ts'
import { type Terminal, UsageError } from './outcome.ts'

type CreateOptions = ConfigChoice & {
  readonly name: string
  readonly scope?: readonly KeyScope[]
  readonly principal: string
  readonly expires?: number
  readonly origin?: readonly string[]
  readonly ip?: readonly string[]
}

/** `steelyard keys create|list|revoke`: who may ask. */
export function addKeys(program: Command, terminal: Terminal): void {
  const keys = program.command('keys').description('make, list and revoke API keys')
  addCreate(keys, terminal)
  keys
    .command('list')
    .description('list all keys, tab-separated: id, name, principal, scopes, state; the secrets are not stored')
    .addOption(configOption())
    .action(async (options: ConfigChoice) => {
      const stored = await withKeys({ choice: options, terminal, create: false }, (store) => store.list())
      terminal.err('id\tname\tprincipal\tscopes\tstate\n')
      for (const key of stored) terminal.out(`${row(key, now())}\n`)
    })
  keys
    .command('revoke')
    .description('revoke a key for ever, by its id: the 8 characters before the point')
    .argument('<id>')
    .addOption(configOption())
    .action(async (id: string, options: ConfigChoice) => {
      const found = await withKeys({ choice: options, terminal, create: false }, (store) =>
        store.revoke(id.split('.')[0] ?? id, now()),
      )
      if (!found) throw new UsageError(`no key ${JSON.stringify(id.slice(0, 8))}; "steelyard keys list" names them`)
      terminal.err('Revoked. A running server refuses it from the next second on.\n')
    })
}

function addCreate(keys: Command, terminal: Terminal): void {
  keys
    .command('create')
    .description('make a key; it alone goes to standard output, this once')
    .addOption(configOption())
    .requiredOption('--name <name>', 'what it is for', parseLabel)
    .addOption(
      new Option('--scope <scope...>', `what it may do: ${SCOPES.join(', ')} (default: read)`).argParser(parseScope),
    )
    .option('--principal <principal>', 'whom it stands for', parseLabel, 'default')
    .option('--expires <when>', 'a date (2027-01-31), a time (2027-01-31T12:00:00Z) or a span (90d, 12h)', (given) =>
      parseExpiry(given, now()),
    )
    .option('--origin <origin>', 'allowed origin, may be repeated', collect('--origin', parseOrigin))
    .option('--ip <address>', 'allowed address or CIDR range, may be repeated', collect('--ip', parseAddressRange))
    .addHelpText(
      'after',
      '\nExamples:\n  $ KEY=$(steelyard keys create --config steelyard.yaml --name portfolio)\n' +
        '  $ steelyard keys create -c steelyard.yaml --name desk --scope read --scope write --principal treasury --expires 90d',
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
      await withKeys({ choice: options, terminal, create: true }, (store) => store.put(stored))
      terminal.err(`Key ${stored.id} for ${stored.principal} (${stored.scopes.join(', ')}). It is shown this once:\n`)
      terminal.out(`${raw}\n`)
    })
}

async function withKeys<T>(
  {
    choice,
    terminal,
    create,
  }: { readonly choice: ConfigChoice; readonly terminal: Terminal; readonly create: boolean },
  work: (keys: KeyStore) => Promise<T>,
): Promise<T> {
  const { store: url } = readConfigAloud(choice, terminal, { needsChains: false })
  const store = await openStore({ url, create, codecOf })
  try {
    return await work(store.keys)
  } finally {
    await store.close()
  }
}

function row(key: StoredKey, at: number): string {
  const expired = key.expiresAt !== undefined && key.expiresAt <= at
  const state = key.revokedAt !== undefined ? 'revoked' : expired ? 'expired' : 'active'
  return [key.id, key.name, key.principal, key.scopes.join(','), state].join('\t')
}

/** Longest name or principal of a key: it stands in a line of a list. */
const MAX_LABEL_CHARACTERS = 100

function parseLabel(given: string): string {
  if (isLabel(given, MAX_LABEL_CHARACTERS)) return given
  const expected = `1 to ${MAX_LABEL_CHARACTERS} characters, not blank, no control or direction characters`
  throw new UsageError(`--name and --principal: expected ${expected}`)
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
    if (parsed === undefined) throw new UsageError(`${option}: got ${JSON.stringify(given)}, which is none`)
    return [...before, parsed]
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000)
}
