import { type Command, Option } from 'commander'
import { kindOf } from '../chains/registry.ts'
import type { ChainConfig } from '../config/chains.ts'
import { isServiceError } from '../core/errors.ts'
import { withoutUrl } from '../core/url.ts'
import { type CopyProgress, copyStore } from '../store/copy-store.ts'
import { lookAtStore, mustBeFree, partsOf } from '../store/open.ts'
import type { StorePart } from '../store/seam/store-parts.ts'
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
  $ steelyard copy --to postgres://steelyard@db.example/steelyard
  $ steelyard copy --from postgres://me@db/steelyard --to sqlite:./data

Other users of the machine can see a command line. So leave a password out, and
put the whole URL into STEELYARD_COPY_TO or STEELYARD_COPY_FROM, or the password
into PGPASSWORD or ~/.pgpass. Afterwards set "store" in the configuration to the copy.

Exit codes: 0 copied and equal, 1 a failure or a difference, 2 wrong use,
130 stopped by Ctrl-C.`

/** Variables that replace options, so that no password is on the command line. */
const [FROM, TO] = ['STEELYARD_COPY_FROM', 'STEELYARD_COPY_TO']

type CopyOptions = ConfigChoice & { readonly from?: string; readonly to: string }

/** `steelyard copy`: copies a store into another one, of any engine. */
export function addCopy(program: Command, terminal: Terminal): void {
  program
    .command('copy')
    .description('copy everything into another store, from a folder to PostgreSQL or back')
    .addOption(configOption())
    .addOption(new Option('--from <url>', 'the store to copy; default: that of the configuration').env(FROM))
    .addOption(new Option('--to <url>', 'the empty store to copy to').env(TO).makeOptionMandatory())
    .addHelpText('after', helpText(HELP))
    .action((options: CopyOptions) => copy(options, terminal))
}

async function copy({ from: given, to, ...options }: CopyOptions, terminal: Terminal): Promise<void> {
  const config = readConfigAloud(options, terminal, { needsChains: true })
  const from = given ?? config.store
  await mustBeApartAndFree(from, to)
  const line = new StatusLine(errorScreen())
  const stop = listenForStop()
  try {
    const onProgress = (progress: CopyProgress): void => line.draw(sentence(progress))
    const parts = copiedParts(config.chains)
    const rows = await copyStore({ from: partsOf(from), to: partsOf(to), parts, onProgress, signal: stop.signal })
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
  }
}

/**
 * Checks, before anything is made, that these are two stores, and that no server is on them: what it writes meanwhile would be
 * missing in the copy.
 */
async function mustBeApartAndFree(from: string, to: string): Promise<void> {
  const [source, target] = [await lookAtStore(from), await lookAtStore(to)]
  if (source.identity === target.identity) {
    throw new UsageError('--to: got the store to copy from, expected another one')
  }
  for (const use of [source, target]) mustBeFree(use)
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
