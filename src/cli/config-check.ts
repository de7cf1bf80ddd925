import type { Command } from 'commander'
import { readLists } from '../app/start-app.ts'
import { type ConfigChoice, configOption, readConfigAloud } from './config-option.ts'
import { effectiveConfig } from './effective-config.ts'
import { helpText } from './help-text.ts'
import type { Terminal } from './outcome.ts'

/** `steelyard config check`: all mistakes of a configuration, or what takes effect. */
export function addConfig(program: Command, terminal: Terminal): void {
  const config = program.command('config').description('look at a configuration without starting anything')
  config
    .command('check')
    .description('print the configuration as it takes effect (file, environment, defaults), secrets cut')
    .addOption(configOption())
    .addHelpText(
      'after',
      helpText(
        '\nExample:\n  $ STEELYARD_LISTEN_PORT=9000 steelyard config check --config steelyard.yaml\n' +
          '\nA wrong configuration ends with exit code 2 and names every wrong key at once.',
      ),
    )
    .action((options: ConfigChoice) => {
      const given = readConfigAloud(options, terminal, { needsChains: true })
      readLists(given)
      terminal.out(effectiveConfig(given))
      terminal.err('The configuration is right.\n')
    })
}
