import type { Command } from 'commander'
import { readLists } from '../app/make-server.ts'
import { type ConfigChoice, configOption, readConfigAloud } from './config-option.ts'
import { effectiveConfig } from './effective-config.ts'
import { helpText } from './help-text.ts'
import type { Terminal } from './outcome.ts'

/** `steelyard config check`: prints every mistake in the configuration, or the configuration that takes effect. */
export function addConfig(program: Command, terminal: Terminal): void {
  const config = program.command('config').description('check a configuration without starting anything')
  config
    .command('check')
    .description('print the configuration that takes effect (file, environment, defaults), without secrets')
    .addOption(configOption())
    .addHelpText(
      'after',
      helpText(
        '\nExample:\n  $ STEELYARD_LISTEN_PORT=9000 steelyard config check --config steelyard.yaml\n' +
          '\nAn invalid configuration ends with exit code 2. The error lists every wrong key.',
      ),
    )
    .action((options: ConfigChoice) => {
      const given = readConfigAloud(options, terminal, { needsChains: true })
      readLists(given)
      terminal.out(effectiveConfig(given))
      terminal.err('The configuration is valid.\n')
    })
}
