import type { Command } from 'commander'
import { kindOf } from '../chains/registry.ts'
import { openStore } from '../store/open.ts'
import { type ConfigChoice, configOption, readConfigAloud } from './config-option.ts'
import { type Terminal, UsageError } from './outcome.ts'

/** `steelyard reset`: how to go on where a chain replaced what was final. */
export function addReset(program: Command, terminal: Terminal): void {
  program
    .command('reset')
    .description('forget all that was indexed of a chain; the next start indexes it anew')
    .argument('<chain>', 'its id, as in the configuration: eip155:1')
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nFor a chain that stopped because its node replaced blocks that were final, or one that began anew.\n' +
        'The server has to be stopped. API keys, the ledger and other chains are not touched.\n' +
        '\nExample:\n  $ steelyard reset eip155:1 --config steelyard.yaml',
    )
    .action(async (text: string, options: ConfigChoice) => {
      const config = readConfigAloud(options, terminal, { needsChains: true })
      const chain = config.chains.find(({ id }) => id === text)?.id
      if (chain === undefined) throw new UsageError(`chain: got "${text}", expected one of ${idsOf(config.chains)}`)
      if (kindOf(chain)?.source !== 'nodes') {
        throw new UsageError(`chain: got "${text}", whose record is kept here and nowhere else: it cannot be had again`)
      }
      const store = await openStore({ url: config.store })
      try {
        await store.forget(chain)
      } finally {
        await store.close()
      }
      terminal.err(`${chain} is forgotten. The next start of the server indexes it anew.\n`)
    })
}

function idsOf(chains: readonly { readonly id: string }[]): string {
  return chains.map(({ id }) => id).join(', ')
}
