import { statSync } from 'node:fs'
import type { Command } from 'commander'
import { VERSION } from '../app/version.ts'
import { withoutUrl } from '../core/url.ts'
import {
  type BackupProgress,
  backUpStore,
  checkBackup,
  restoreStore,
  type Saved,
  type Watch,
} from '../store/back-up.ts'
import { type ConfigChoice, configOption, readConfigAloud } from './config-option.ts'
import { helpText } from './help-text.ts'
import { Ended, EXIT, type Terminal, UsageError } from './outcome.ts'
import { errorScreen } from './screen.ts'
import { StatusLine } from './status-line.ts'
import { listenForStop } from './stop-signal.ts'

const HELP = `
Saves what no node can return: the ledger, keys, users, custody wallets with
addresses, holds and ids, past prices, and accounts to follow. Not what is
indexed or read of chains: that is indexed again. The server may run: the backup
is of one moment. A file is complete or not there, and only you may read it.

It holds no secret of a key and no password, but hashes of them, and all names,
addresses and amounts: keep it as the store itself. Sessions are not in it, so
after a restore users log in again.

Examples:
  $ steelyard backup steelyard.backup
  $ steelyard backup - | ssh elsewhere 'cat > steelyard.backup'

Exit codes: 0 saved, 1 a failure, 2 wrong use, 130 stopped by Ctrl-C.`

const RESTORE_HELP = `
The file may be of a store of any engine. It is checked before anything is
written, the store of the configuration must be empty, with no server on it, and
all rows are compared with the file in the end: if anything fails, the store
stays empty. Chains are
indexed again when the server starts, unless the folder has them.

What happened after the backup is lost: revoke again what was revoked since, and
run "steelyard ledger verify", with --anchor if you noted a block.

Examples:
  $ steelyard restore --check steelyard.backup
  $ STEELYARD_STORE=sqlite:./restored steelyard restore steelyard.backup

Exit codes: 0 restored, 1 a failure, 2 wrong use, 130 stopped by Ctrl-C.`

/** `steelyard backup` and `steelyard restore`. */
export function addBackup(program: Command, terminal: Terminal): void {
  program
    .command('backup')
    .description('save what no node can return: ledger, keys, users, custody')
    .argument('<file>', 'the file to write; - for standard output')
    .addOption(configOption())
    .addHelpText('after', helpText(HELP))
    .action((file: string, options: ConfigChoice) => backup(file, options, terminal))
  program
    .command('restore')
    .description('fill an empty store from a backup')
    .argument('<file>', 'the backup')
    .addOption(configOption())
    .option('--check', 'only check the file')
    .addHelpText('after', helpText(RESTORE_HELP))
    .action((file: string, options: ConfigChoice & { readonly check?: true }) => restore(file, options, terminal))
}

async function backup(file: string, options: ConfigChoice, terminal: Terminal): Promise<void> {
  if (file === '-' && process.stdout.isTTY === true) {
    throw new UsageError('-: standard output is a terminal: redirect it, or name a file')
  }
  const { store } = readConfigAloud(options, terminal, { needsChains: false })
  await withProgress(terminal, async (watch) => {
    const target = file === '-' ? undefined : file
    const saved = await backUpStore({ url: store, file: target, program: VERSION, at: new Date(), ...watch })
    const size = target === undefined ? '' : `, ${count(statSync(target).size)} bytes`
    return `Saved ${rowsOf(saved)} of ${withoutUrl(store)}${size}.\n`
  })
}

async function restore(
  file: string,
  { check = false, ...options }: ConfigChoice & { readonly check?: boolean },
  terminal: Terminal,
): Promise<void> {
  if (file === '-') throw new UsageError('-: a backup is read twice, so name a file')
  await withProgress(terminal, async (watch) => {
    if (check) return `${file} is complete: ${rowsOf(await checkBackup({ file, ...watch }))}.\n`
    const { store: url } = readConfigAloud(options, terminal, { needsChains: false })
    const restored = await restoreStore({ url, file, ...watch })
    return `Restored ${rowsOf(restored)} into ${withoutUrl(url)}. All equal those of the backup.\n`
  })
}

/** Shows the progress of work, lets Ctrl-C stop it, and writes what it says in the end. */
async function withProgress(terminal: Terminal, work: (watch: Watch) => Promise<string>): Promise<void> {
  const line = new StatusLine(errorScreen())
  const stop = listenForStop()
  const onProgress = ({ table, step, rows }: BackupProgress): void => line.draw(`${table}: ${count(rows)} rows ${step}`)
  try {
    const said = await work({ onProgress, signal: stop.signal })
    line.clear()
    terminal.err(said)
  } catch (error) {
    line.clear()
    if (!stop.signal.aborted) throw error
    terminal.err('Stopped. Nothing was kept.\n')
    throw new Ended(EXIT.stopped)
  } finally {
    stop.release()
  }
}

function rowsOf({ rows, tables }: Saved): string {
  return `${count(rows)} rows of ${tables} tables`
}

function count(of: number): string {
  return of.toLocaleString('en-US')
}
