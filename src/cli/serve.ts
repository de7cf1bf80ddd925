import type { Command } from 'commander'
import type { AppConfig } from '../app/app-config.ts'
import { createLog, type Logger, type LogSink } from '../app/log.ts'
import type { Progress } from '../app/progress.ts'
import { startApp } from '../app/start-app.ts'
import { type ConfigChoice, configOption, type ReadConfig, readConfig } from './config-option.ts'
import { helpText } from './help-text.ts'
import type { Terminal } from './outcome.ts'
import { DRAW_MS, ProgressDisplay } from './progress.ts'
import { errorScreen } from './screen.ts'
import { type ServeWords, serveLines, serveWords } from './serve-words.ts'
import { listenForStop, type StopRequest } from './stop-signal.ts'

/** `steelyard serve`: follows the chains and serves the API. */
export function addServe(program: Command, terminal: Terminal): void {
  program
    .command('serve')
    .description('index the configured chains and serve the API over HTTP')
    .addOption(configOption())
    .addHelpText(
      'after',
      helpText(
        '\nExamples:\n  $ steelyard serve\n  $ steelyard serve --config /etc/steelyard.yaml\n' +
          '  $ STEELYARD_STORE=sqlite:/var/lib/steelyard STEELYARD_LISTEN_PORT=9000 \\\n      steelyard serve\n' +
          '\nThe smallest configuration:\n' +
          '  store: sqlite:./data\n  chains:\n    - id: eip155:1\n      rpc: [http://127.0.0.1:8545]\n' +
          '\nCtrl-C stops in order: it rejects new requests, answers open ones and commits the last batch. A second Ctrl-C stops at once.',
      ),
    )
    .action(async (options: ConfigChoice) => {
      const { said, ...read } = readQuietly(options, terminal)
      const stop = listenForStop()
      try {
        const { config } = read
        await serveUntilStopped({ config, said, stop, words: serveWords(config, options.config) })
      } finally {
        stop.release()
      }
    })
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

/**
 * Serves until a stop is requested. `said`: lines for the start of the log. `onReady` receives the server's URL once
 * every chain has caught up.
 */
export async function serveUntilStopped(options: {
  readonly config: AppConfig
  readonly said?: readonly string[]
  /** Hints to print once the server listens; undefined: only its URL. */
  readonly words?: ServeWords
  readonly stop: StopRequest
  readonly onReady?: (url: string) => Promise<void>
}): Promise<void> {
  const { config, stop } = options
  const display = new ProgressDisplay(errorScreen(), () => performance.now())
  const drawing = setInterval(() => display.tick(), DRAW_MS)
  const log = createLog({ level: config.log.level, sink: display.sink })
  display.logTo(log)
  for (const sentence of options.said ?? []) log.info(sentence)
  const ready = readiness(config.chains.map(({ id }) => id))
  try {
    const app = await startApp({
      config,
      log,
      onProgress: (progress) => {
        display.update(progress)
        ready.update(progress)
      },
    })
    try {
      printServing(app.url, { words: options.words, log, sink: display.sink })
      await Promise.race([ready.reached, stop.requested])
      if (!stop.signal.aborted) await options.onReady?.(app.url)
      await stop.requested
    } finally {
      display.stop()
      await app.stop()
    }
    log.info('stopped')
  } finally {
    clearInterval(drawing)
    display.stop()
  }
}

/** Prints the hints on a terminal, else writes one log line. Writes neither if the log level is above info. */
function printServing(
  url: string,
  { words, log, sink }: { readonly words: ServeWords | undefined; readonly log: Logger; readonly sink: LogSink },
): void {
  if (sink.terminal && words !== undefined && log.isLevelEnabled('info')) sink.write(serveLines(url, words))
  else log.info({ url, ...(words === undefined ? {} : { try: words.path, key: words.key }) }, 'serving')
}

/** Resolves once every chain has been live. */
function readiness(chains: readonly string[]): {
  readonly reached: Promise<void>
  readonly update: (progress: Progress) => void
} {
  const missing = new Set(chains)
  let reach: () => void = () => {}
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  if (missing.size === 0) reach()
  const update = (progress: Progress): void => {
    if (progress.state === 'live') missing.delete(progress.chain)
    if (missing.size === 0) reach()
  }
  return { reached, update }
}
