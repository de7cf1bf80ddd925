import { Command, Help, type Option } from 'commander'
import { VERSION } from '../app/version.ts'
import { addConfig } from './config-check.ts'
import { addDemo } from './demo.ts'
import { HELP_COLUMNS, helpText } from './help-text.ts'
import { addInit } from './init.ts'
import { addKeys } from './keys.ts'
import { addLedger } from './ledger.ts'
import type { Terminal } from './outcome.ts'
import { addReset } from './reset.ts'
import { addServe } from './serve.ts'
import { addTokens } from './tokens.ts'
import { addVerify } from './verify.ts'

/** The command line, all of it. */
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
    .configureHelp({ optionDescription: describeOption })
    .showHelpAfterError('(--help shows what is possible)')
    .addHelpText('after', helpText(HELP))
  addInit(program, terminal)
  addServe(program, terminal)
  addVerify(program, terminal)
  addDemo(program, terminal)
  addKeys(program, terminal)
  addLedger(program, terminal)
  addConfig(program, terminal)
  addTokens(program, terminal)
  addReset(program, terminal)
  return program
}

/** An option's description. That it is off, or not given, unless it is given, needs no words. */
function describeOption(option: Option): string {
  const value: unknown = option.defaultValue
  const isNothing = value === false || (Array.isArray(value) && value.length === 0)
  return isNothing ? option.description : new Help().optionDescription(option)
}

/** As wide as the terminal, at most as wide as lines read well. */
function helpWidth({ columns = HELP_COLUMNS }: Terminal): number {
  return Math.min(HELP_COLUMNS, columns)
}

const HELP = `
Begin here:
  $ steelyard demo                a local chain, indexed and served, to try
  $ steelyard init                write steelyard.yaml for your own node
  $ steelyard config check        is it right, and what takes effect?
  $ steelyard serve               index and answer; it tells how to go on
  $ steelyard keys create --name me
  $ steelyard tokens              how each token's balances are known, and why
  $ steelyard verify              is every stored balance what the chain says?
  $ steelyard reset eip155:1      forget what was indexed, and index it anew

Environment:
  STEELYARD_<KEY>    overrides a key of the configuration:
                     STEELYARD_CHAINS_0_FROM=100 sets chains.0.from
  STEELYARD_CONFIG   stands for --config
  STEELYARD_DEBUG=1  shows the stack of a failure

Exit codes:
  0    done
  1    failed; verify: something differs, or nothing could be compared
  2    wrong use or wrong configuration; nothing was done
  130  stopped before it was done: verify by Ctrl-C, any command by a second one

Answers go to standard output, words for people to standard error.`
