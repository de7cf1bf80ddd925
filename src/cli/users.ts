import type { Command } from 'commander'
import { fitsPassword, MAX_PASSWORD_BYTES } from '../access/passwords.ts'
import { createUser, parseUserName } from '../access/users.ts'
import { charactersOf } from '../core/label.ts'
import type { StoredUser } from '../store/seam/users.ts'
import { type ConfigChoice, configOption } from './config-option.ts'
import { helpText } from './help-text.ts'
import { parseLabel } from './label-option.ts'
import { Ended, EXIT, type Terminal, UsageError } from './outcome.ts'
import { alignedLines } from './table.ts'
import { now, timeText } from './time-text.ts'
import { withStore } from './with-store.ts'

/** `steelyard users create|list|disable`: manages the users that log in with a password. */
export function addUsers(program: Command, terminal: Terminal): void {
  const users = program.command('users').description('create, list and disable users that log in with a password')
  addCreate(users, terminal)
  addList(users, terminal)
  users
    .command('disable')
    .description('disable a user permanently, and end all sessions and API keys that the user made')
    .argument('<name>')
    .addOption(configOption())
    .addHelpText(
      'after',
      helpText(
        '\nA running server rejects the sessions of the user, and the keys that the user made in a session, within a ' +
          'second. Keys of "steelyard keys create" stay: "steelyard keys revoke" ends them.' +
          '\n\nExample:\n  $ steelyard users disable ada',
      ),
    )
    .action(async (given: string, options: ConfigChoice) => {
      const name = parseUserName(given) ?? given
      const found = await withStore({ choice: options, terminal, create: false }, (store) =>
        store.users.disable(name, now()),
      )
      if (!found) {
        throw new UsageError(`no user ${JSON.stringify(given.slice(0, 100))}; "steelyard users list" lists all users`)
      }
      terminal.err('Disabled. A running server rejects the sessions and keys of the user within a second.\n')
    })
}

type CreateOptions = ConfigChoice & { readonly name: string; readonly principal: string }

function addCreate(users: Command, terminal: Terminal): void {
  users
    .command('create')
    .description('create a user; the password is asked for, or read from standard input')
    .addOption(configOption())
    .requiredOption('--name <name>', 'the name to log in with, compared exactly', parseName)
    .option('--principal <principal>', 'who the user acts for', parseLabel, 'default')
    .addHelpText(
      'after',
      helpText(
        '\nAt a terminal the password is asked for twice and not shown. Otherwise it is the first line of standard input. ' +
          `It has at least ${MIN_PASSWORD_CHARACTERS} characters and at most ${MAX_PASSWORD_BYTES} bytes, and is stored ` +
          'as a hash. A name cannot be used again, also after the user was disabled.' +
          '\n\nExamples:\n  $ steelyard users create --name ada\n' +
          '  $ steelyard users create --name desk --principal treasury < password.txt',
      ),
    )
    .action(async (options: CreateOptions) => {
      const { name, principal } = options
      await withStore({ choice: options, terminal, create: true }, async ({ users: store }) => {
        if ((await store.get(name)) !== undefined) throw taken(name)
        const password = await readPassword(terminal)
        const isNew = await store.put(await createUser({ name, password, principal, createdAt: now() }))
        if (!isNew) throw taken(name)
      })
      terminal.err(`Created user ${JSON.stringify(name)} for ${principal}.\n`)
    })
}

function parseName(given: string): string {
  const name = parseUserName(parseLabel(given))
  if (name === undefined) throw new UsageError(`--name: got ${JSON.stringify(given)}, which is not valid`)
  return name
}

function taken(name: string): UsageError {
  return new UsageError(`--name: there is already a user ${JSON.stringify(name)}`)
}

/** NIST SP 800-63B asks for at least 8 characters of a password that a person chooses. */
const MIN_PASSWORD_CHARACTERS = 8

async function readPassword(terminal: Terminal): Promise<string> {
  const password = await (terminal.askSecrets === undefined
    ? readLine(terminal)
    : askTwice(terminal.askSecrets, terminal))
  if (charactersOf(password) < MIN_PASSWORD_CHARACTERS) {
    throw new UsageError(`the password: expected at least ${MIN_PASSWORD_CHARACTERS} characters`)
  }
  if (!fitsPassword(password)) throw new UsageError(`the password: expected at most ${MAX_PASSWORD_BYTES} bytes`)
  return password
}

async function readLine({ readLine: read }: Terminal): Promise<string> {
  const line = await read?.()
  if (line === undefined) {
    throw new UsageError('no password: run the command at a terminal, or give it as one line on standard input')
  }
  return line
}

async function askTwice(ask: NonNullable<Terminal['askSecrets']>, terminal: Terminal): Promise<string> {
  const answers = await ask(['Password (not shown): ', 'The same password again: '])
  if (answers === undefined) {
    terminal.err('Nothing was done.\n')
    throw new Ended(EXIT.failed)
  }
  const [password = '', again] = answers
  if (password !== again) throw new UsageError('the two passwords differ; nothing was done')
  return password
}

function addList(users: Command, terminal: Terminal): void {
  users
    .command('list')
    .description('list all users; the store does not keep the passwords')
    .addOption(configOption())
    .option('--json', 'one JSON object per line, with ids and exact times')
    .addHelpText(
      'after',
      helpText('\nDates are UTC.\n\nExamples:\n  $ steelyard users list\n  $ steelyard users list --json'),
    )
    .action(async (options: ConfigChoice & { readonly json?: true }) => {
      const stored = await withStore({ choice: options, terminal, create: false }, (store) => store.users.list())
      const space = { columns: terminal.columns, bounds: WIDTHS }
      if (options.json === true) for (const user of stored) terminal.out(`${JSON.stringify(facts(user))}\n`)
      else if (stored.length === 0)
        terminal.err('There are no users yet. "steelyard users create --name me" creates one.\n')
      else for (const line of alignedLines([HEADING, ...stored.map(row)], space)) terminal.out(line)
    })
}

const HEADING = ['NAME', 'PRINCIPAL', 'STATE', 'CREATED', 'DISABLED']
/** Together with the gaps a row fits 80 columns. */
const WIDTHS = [24, 18, 8, 10, 10]

function row({ name, principal, createdAt, disabledAt }: StoredUser): readonly string[] {
  const day = (time: number | undefined): string => (time === undefined ? 'never' : timeText(time).slice(0, 10))
  return [name, principal, stateOf(disabledAt), day(createdAt), day(disabledAt)]
}

/** Times are RFC 3339 in UTC, or null. Later versions may add keys, but change none. */
function facts({ id, name, principal, createdAt, disabledAt }: StoredUser): Readonly<Record<string, unknown>> {
  const disabled = disabledAt === undefined ? null : timeText(disabledAt)
  return { id, name, principal, state: stateOf(disabledAt), created: timeText(createdAt), disabled }
}

function stateOf(disabledAt: number | undefined): 'active' | 'disabled' {
  return disabledAt === undefined ? 'active' : 'disabled'
}
