import { type Command, InvalidArgumentError, Option } from 'commander'
import { joinGroup } from '../app/group-member.ts'
import { type ConfigChoice, configOption, type ReadConfig, readConfig } from './config-option.ts'
import { helpText } from './help-text.ts'
import { type Terminal, UsageError } from './outcome.ts'
import { serveAsGroup } from './serve-group.ts'
import { indexUntilStopped, serveUntilStopped } from './serve-until-stopped.ts'
import { serveWords } from './serve-words.ts'
import { listenForGroup, listenForStop } from './stop-signal.ts'

/** `steelyard serve`: follows the chains and serves the API. */
export function addServe(program: Command, terminal: Terminal): void {
  program
    .command('serve')
    .description('index the configured chains and serve the API over HTTP')
    .addOption(configOption())
    .addOption(new Option('--role <role>', 'what this process does').choices([...ROLES]).default('all'))
    .addOption(
      new Option('--workers <n>', `processes that answer on the port, 1 to ${MAX_WORKERS}`)
        .argParser(parseWorkers)
        .default(1),
    )
    // For the processes of --workers.
    .addOption(new Option('--member <name>').hideHelp())
    .addHelpText(
      'after',
      helpText(
        '\nExamples:\n  $ steelyard serve\n  $ steelyard serve --config /etc/steelyard.yaml\n' +
          '  $ STEELYARD_STORE=sqlite:/var/lib/steelyard STEELYARD_LISTEN_PORT=9000 \\\n      steelyard serve\n' +
          '  $ steelyard serve --workers 4\n' +
          '  $ steelyard serve --role indexer\n  $ steelyard serve --role api --workers 2\n' +
          '\nThe smallest configuration:\n' +
          '  store: sqlite:./data\n  chains:\n    - id: eip155:1\n      rpc: [http://127.0.0.1:8545]\n' +
          '\nCtrl-C stops in order: it rejects new requests, answers open ones and commits the last batch. A second Ctrl-C stops at once.',
      ),
    )
    .action((options: ServeChoice) => runServe(options, terminal))
}

/** What a process does: it answers, it indexes, or both. */
const ROLES = ['api', 'indexer', 'all'] as const

type ServeChoice = ConfigChoice & {
  readonly role: (typeof ROLES)[number]
  readonly workers: number
  readonly member?: string
}

/** Most processes that answer on one port: more than one for each processor core gain nothing. */
const MAX_WORKERS = 64

function parseWorkers(text: string): number {
  const workers = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (workers >= 1 && workers <= MAX_WORKERS) return workers
  throw new InvalidArgumentError(`expected a number from 1 to ${MAX_WORKERS}: about one for each processor core.`)
}

async function runServe(choice: ServeChoice, terminal: Terminal): Promise<void> {
  const { role, workers } = choice
  if (role === 'indexer' && workers > 1) {
    throw new UsageError(
      '--workers: a process with --role indexer does not answer; give --workers to one with --role api or all',
    )
  }
  const { said, config } = readQuietly(choice, terminal)
  const member = choice.member === undefined ? undefined : joinGroup(choice.member)
  const stop = member === undefined ? listenForStop() : listenForGroup(member)
  const words = serveWords(config, choice.config)
  try {
    if (workers > 1) await serveAsGroup({ config, file: choice.config, role, workers, said, stop, words })
    else if (role === 'indexer') await indexUntilStopped({ config, said, stop, member })
    else await serveUntilStopped({ config, said, stop, words, member, role })
  } finally {
    stop.release()
  }
}

/**
 * Reads the configuration and collects its sentences for the log, which may be JSON and does not exist yet. On an error
 * they go to standard error.
 */
function readQuietly(choice: ConfigChoice, terminal: Terminal): ReadConfig & { readonly said: readonly string[] } {
  const said: string[] = []
  try {
    return { ...readConfig(choice, { needsChains: true, tell: (sentence) => void said.push(sentence) }), said }
  } catch (error) {
    for (const sentence of said) terminal.err(`${sentence}\n`)
    throw error
  }
}
