import { Command, Help, type Option } from 'commander'
import { VERSION } from '../app/version.ts'
import { addBackup } from './backup.ts'
import { addConfig } from './config-check.ts'
import { addCopy } from './copy.ts'
import { addDemo } from './demo.ts'
import { addFollow } from './follow.ts'
import { addFollowed } from './followed.ts'
import { HELP_COLUMNS, helpText } from './help-text.ts'
import { addInit } from './init.ts'
import { addKeys } from './keys.ts'
import { addLedger } from './ledger.ts'
import { addMigrate } from './migrate.ts'
import type { Terminal } from './outcome.ts'
import { addReset } from './reset.ts'
import { addServe } from './serve.ts'
import { addTokens } from './tokens.ts'
import { addUsers } from './users.ts'
import { addVerify } from './verify.ts'

/** The whole command line. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('steelyard')
    .description('A token-balance server that you run yourself: exact balances, each with its block.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      getOutHelpWidth: () => helpWidth(terminal),
      getErrHelpWidth: () => helpWidth(terminal),
    })
    .configureHelp({ optionDescription: describeOption, subcommandTerm: nameCommand })
    .showHelpAfterError('(--help shows the options)')
    .addHelpText('after', helpText(HELP))
  addInit(program, terminal)
  addServe(program, terminal)
  addVerify(program, terminal)
  addDemo(program, terminal)
  addKeys(program, terminal)
  addUsers(program, terminal)
  addLedger(program, terminal)
  addConfig(program, terminal)
  addTokens(program, terminal)
  addFollow(program, terminal)
  addFollowed(program, terminal)
  addReset(program, terminal)
  addBackup(program, terminal)
  addCopy(program, terminal)
  addMigrate(program, terminal)
  return program
}

/** A command with its arguments. Every command has options, and its own help lists them. */
function nameCommand(command: Command): string {
  const args = command.registeredArguments.map((one) => {
    const name = one.variadic ? `${one.name()}...` : one.name()
    return one.required ? `<${name}>` : `[${name}]`
  })
  return [command.name(), ...args].join(' ')
}

/** An option's description. Leaves out defaults that mean "off" or "not given". */
function describeOption(option: Option): string {
  const value: unknown = option.defaultValue
  const isNothing = value === false || (Array.isArray(value) && value.length === 0)
  return isNothing ? option.description : new Help().optionDescription(option)
}

/** The terminal's width, at most HELP_COLUMNS. */
function helpWidth({ columns = HELP_COLUMNS }: Terminal): number {
  return Math.min(HELP_COLUMNS, columns)
}

const HELP = `
Begin here:
  $ steelyard demo                a local chain, indexed and served, to try
  $ steelyard init                write steelyard.yaml for your own node
  $ steelyard config check        is it valid, and what takes effect?
  $ steelyard serve               index and serve; it prints the next steps
  $ steelyard keys create --name me
  $ steelyard users create --name me
  $ steelyard tokens              how each token's balances are known, and why
  $ steelyard followed            which accounts are followed, where not all are
  $ steelyard verify              compare every stored balance with the chain
  $ steelyard reset eip155:1      delete the index of a chain, to index it again
  $ steelyard backup FILE         save ledger, keys, users and custody

Environment:
  STEELYARD_<KEY>    overrides a key of the configuration:
                     STEELYARD_CHAINS_0_FROM=100 sets chains.0.from
  STEELYARD_CONFIG   replaces --config
  STEELYARD_DEBUG=1  shows the stack of a failure

Exit codes:
  0    done
  1    failed; verify: something differs, or nothing could be compared
  2    wrong use or wrong configuration; nothing was done
  130  stopped before it was done: verify by Ctrl-C, any command by a second one

Answers go to standard output, messages for people to standard error.`
