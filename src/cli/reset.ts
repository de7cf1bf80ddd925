import type { Command } from 'commander'
import type { AppConfig } from '../app/app-config.ts'
import { kindOf } from '../chains/registry.ts'
import type { ChainId } from '../core/chain.ts'
import { isServiceError } from '../core/errors.ts'
import { withoutUrl } from '../core/url.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/seam/store.ts'
import { type ConfigChoice, configOption, readConfigAloud } from './config-option.ts'
import { configuredChain } from './configured-chain.ts'
import { helpText } from './help-text.ts'
import { Ended, EXIT, type Terminal, UsageError } from './outcome.ts'

/** `steelyard reset`: deletes a chain's index, so that a chain that replaced finalized blocks can start again. */
export function addReset(program: Command, terminal: Terminal): void {
  program
    .command('reset')
    .description('delete everything indexed of a chain; the next start indexes it again')
    .argument('<chain>', 'its id, as in the configuration: eip155:1')
    .addOption(configOption())
    .option('--yes', 'do not ask; needed if there is no terminal to ask on')
    .addHelpText(
      'after',
      helpText(
        '\nFor a chain that stopped because its node replaced finalized blocks, or for a\n' +
          'chain that started again from block 0. Stop the server first. API keys, the\n' +
          'ledger and other chains stay as they are.\n' +
          '\nExamples:\n  $ steelyard reset eip155:1\n  $ steelyard reset eip155:1 --yes --config steelyard.yaml\n' +
          '\nExit codes: 0 deleted, or nothing was indexed; 1 the answer was no, or a\n' +
          'failure; 2 wrong use, or neither a terminal nor --yes.',
      ),
    )
    .action((text: string, options: ResetOptions) => reset(text, options, terminal))
}

type ResetOptions = ConfigChoice & { readonly yes?: true }

async function reset(text: string, options: ResetOptions, terminal: Terminal): Promise<void> {
  const config = readConfigAloud(options, terminal, { needsChains: true })
  const chain = chainOf(text, config.chains)
  if (options.yes !== true && terminal.ask === undefined) {
    throw new UsageError(`nothing was done: without a terminal to ask on, only --yes deletes the index of ${chain}`)
  }
  const store = await openExisting(config)
  try {
    if (store === undefined || !(await store.holds(chain))) {
      terminal.err(`Nothing of ${chain} was indexed in ${withoutUrl(config.store)}: there is nothing to delete.\n`)
      return
    }
    if (options.yes !== true && !(await isConfirmed(chain, { terminal, url: config.store }))) {
      terminal.err('Nothing was done.\n')
      throw new Ended(EXIT.failed)
    }
    await store.forget(chain)
  } finally {
    await store?.close()
  }
  terminal.err(`Deleted the index of ${chain}. The next start of the server indexes it again.\n`)
}

async function isConfirmed(
  chain: ChainId,
  { terminal, url }: { readonly terminal: Terminal; readonly url: string },
): Promise<boolean> {
  const question = `Delete everything indexed of ${chain} in ${withoutUrl(url)}?\nThe next start indexes it again. Type yes to continue: `
  const answer = await terminal.ask?.(question)
  return answer?.trim().toLowerCase() === 'yes'
}

async function openExisting({ store, loadFolder }: AppConfig): Promise<Store | undefined> {
  try {
    return await openStore({ url: store, loadFolder, create: false })
  } catch (error) {
    if (isServiceError(error, 'STORE_MISSING')) return undefined
    throw error
  }
}

/** The configured chain with this id. @throws UsageError there is none, or it has no node to index it from again */
function chainOf(text: string, chains: readonly { readonly id: ChainId }[]): ChainId {
  const { id } = configuredChain(text, chains)
  if (kindOf(id)?.source === 'nodes') return id
  throw new UsageError(`chain: got "${text}", but its record exists only here: it cannot be indexed again`)
}
