import { Command } from 'commander'
import { VERSION } from '../version.ts'
import { addConfig } from './config-check.ts'
import { addDemo } from './demo.ts'
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
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .showHelpAfterError('(--help shows what is possible)')
    .addHelpText('after', HELP)
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

const HELP = `
Begin here:
  $ steelyard demo                                     a local chain, indexed and served, with lines to try
  $ steelyard config check --config steelyard.yaml     is the configuration right, and what takes effect?
  $ steelyard keys create --config steelyard.yaml --name me
  $ steelyard serve --config steelyard.yaml
  $ steelyard tokens --config steelyard.yaml           how each token's balances are known, and what the audit found
  $ steelyard verify --config steelyard.yaml           is every stored balance what the chain says?
  $ steelyard reset eip155:1 --config steelyard.yaml   forget what was indexed of a chain, and index it anew

Environment:
  STEELYARD_<KEY>      overrides a key of the configuration: STEELYARD_CHAINS_0_FROM=100 sets chains.0.from
  STEELYARD_CONFIG     stands for --config
  STEELYARD_DEBUG=1    shows the stack of a failure

Exit codes:
  0 done   1 failed, or verify found a difference   2 wrong use or wrong configuration
  130 stopped before it was done: verify by Ctrl-C, any command at once by a second one`
