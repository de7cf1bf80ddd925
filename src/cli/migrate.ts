import type { Command } from 'commander'
import { openConfiguredStore } from '../app/configured-store.ts'
import { withoutUrl } from '../core/url.ts'
import { distributePart, migratePart } from '../store/migrate-store.ts'
import { type ConfigChoice, configOption, readConfigAloud } from './config-option.ts'
import { copiedParts } from './copy.ts'
import { helpText } from './help-text.ts'
import type { Terminal } from './outcome.ts'

const HELP = `
The server does this by itself when it starts. Before an update of many servers,
this does it once, and says what is wrong with the database or its role before
any server is stopped. Nothing is deleted.

--distribute is for PostgreSQL with the extension Citus: rows of accounts are
spread over its servers by account, and each server gets all other tables of a
chain. Tables of the store itself stay where they are.

Exit codes: 0 done, 1 a failure, 2 wrong use.`

type MigrateOptions = ConfigChoice & { readonly distribute?: true }

/** `steelyard migrate`: brings a store to the newest tables. */
export function addMigrate(program: Command, terminal: Terminal): void {
  program
    .command('migrate')
    .description('bring the tables of the store to this version')
    .addOption(configOption())
    .option('--distribute', 'spread the tables of chains over the servers of Citus')
    .addHelpText('after', helpText(HELP))
    .action((options: MigrateOptions) => migrate(options, terminal))
}

async function migrate(options: MigrateOptions, terminal: Terminal): Promise<void> {
  const config = readConfigAloud(options, terminal, { needsChains: true })
  const store = await openConfiguredStore(config, true)
  await store.close()
  for (const part of copiedParts(config.chains)) {
    const tables = await migratePart(config.store, part)
    const name =
      part.of === 'store' ? 'the store' : `${part.chain}, ${part.of === 'reads' ? 'stored reads' : 'journal'}`
    terminal.err(`${name}: ${tables} tables, of this version\n`)
    if (options.distribute !== true) continue
    for (const done of await distributePart(config.store, part)) terminal.out(`${done}\n`)
  }
  terminal.err(`${withoutUrl(config.store)} is ready for this version.\n`)
}
