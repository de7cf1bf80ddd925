import type { Command } from 'commander'
import { kindOf } from '../chains/registry.ts'
import type { ChainConfig } from '../config/chains.ts'
import { isServiceError } from '../core/errors.ts'
import { withoutUrl } from '../core/url.ts'
import { type CopyProgress, copyStore } from '../store/copy-store.ts'
import { openTables } from '../store/open.ts'
import type { StorePart } from '../store/seam/store-tables.ts'
import { type ConfigChoice, configOption, readConfigAloud } from './config-option.ts'
import { helpText } from './help-text.ts'
import { Ended, EXIT, type Terminal, UsageError } from './outcome.ts'
import { errorScreen } from './screen.ts'
import { StatusLine } from './status-line.ts'
import { listenForStop } from './stop-signal.ts'

const HELP = `
Copies keys, users, prices, custody, the ledger, and everything indexed and read
of the configured chains. Stop the server first. Then compares all rows of both
stores by their number and a checksum. A copy that was interrupted goes on when
the same command is given again. The store to copy from is not changed.

Examples:
  $ steelyard copy --to postgres://steelyard:password@db.example/steelyard
  $ steelyard copy --from postgres://me:password@db/steelyard --to sqlite:./data

Afterwards set "store" in the configuration to the copy.

Exit codes: 0 copied and equal, 1 a failure or a difference, 2 wrong use,
130 stopped by Ctrl-C.`

type CopyOptions = ConfigChoice & { readonly from?: string; readonly to: string }

/** `steelyard copy`: copies a store into another one, of any engine. */
export function addCopy(program: Command, terminal: Terminal): void {
  program
    .command('copy')
    .description('copy everything into another store, from a folder to PostgreSQL or back')
    .addOption(configOption())
    .option('--from <url>', 'the store to copy; that of the configuration if not given')
    .requiredOption('--to <url>', 'the empty store to copy to')
    .addHelpText('after', helpText(HELP))
    .action((options: CopyOptions) => copy(options, terminal))
}

async function copy({ from: given, to, ...options }: CopyOptions, terminal: Terminal): Promise<void> {
  const config = readConfigAloud(options, terminal, { needsChains: true })
  const from = given ?? config.store
  if (from === to) throw new UsageError('--to: got the store to copy from, expected another one')
  const line = new StatusLine(errorScreen())
  const stop = listenForStop()
  const stores = [openTables(from), openTables(to)] as const
  try {
    const [source, target] = stores
    const onProgress = (progress: CopyProgress): void => line.draw(sentence(progress))
    const parts = copiedParts(config.chains)
    const rows = await copyStore({ from: source, to: target, parts, onProgress, signal: stop.signal })
    line.clear()
    terminal.err(
      `Copied ${rows.toLocaleString('en-US')} rows. All rows of ${withoutUrl(to)} equal those of the first store.\n`,
    )
  } catch (error) {
    line.clear()
    if (!stop.signal.aborted || isServiceError(error, 'STORE_MISMATCH')) throw error
    terminal.err('Stopped. The same command goes on from here.\n')
    throw new Ended(EXIT.stopped)
  } finally {
    stop.release()
    for (const store of stores) await store.close()
  }
}

/** The parts of a store that has these chains. */
export function copiedParts(chains: readonly ChainConfig[]): readonly StorePart[] {
  const parts: StorePart[] = [{ of: 'store' }]
  for (const { id } of chains) {
    // A ledger's rows are in the store itself.
    if (kindOf(id)?.source === 'nodes') parts.push({ of: 'journal', chain: id })
    parts.push({ of: 'reads', chain: id })
  }
  return parts
}

function sentence({ table, step, rows }: CopyProgress): string {
  return `${table}: ${rows.toLocaleString('en-US')} rows ${step}`
}
