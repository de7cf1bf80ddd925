import type { Command } from 'commander'
import { startApp } from '../app.ts'
import type { Config } from '../config.ts'
import { createLog, standardError } from '../log.ts'
import { configOption, readConfig } from './config-option.ts'
import { ProgressDisplay } from './progress.ts'
import { listenForStop } from './stop-signal.ts'

/** `steelyard serve`: follow the chains and answer. */
export function addServe(program: Command): void {
  program
    .command('serve')
    .description('index the configured chains and answer over HTTP')
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ steelyard serve --config steelyard.yaml\n' +
        '  $ STEELYARD_STORE=sqlite:/var/lib/steelyard STEELYARD_LISTEN_PORT=9000 steelyard serve -c steelyard.yaml\n' +
        '\nThe smallest configuration:\n' +
        '  store: sqlite:./data\n  chains:\n    - id: eip155:1\n      rpc: [http://127.0.0.1:8545]\n' +
        '\nCtrl-C stops in order: no new requests, open ones answered, the last batch committed. Once more stops at once.',
    )
    .action(async (options: { config: string }) => {
      await serveUntilStopped(readConfig(options.config))
    })
}

/** Serves until a stop is asked for. `onStarted` gets the server's URL once it answers. */
export async function serveUntilStopped(config: Config, onStarted?: (url: string) => void): Promise<void> {
  const display = new ProgressDisplay(standardError(), () => performance.now())
  const log = createLog({ level: config.log.level, sink: display.sink })
  display.logTo(log)
  const stop = listenForStop((words) => display.sink.write(words))
  try {
    const app = await startApp({ config, log, onProgress: (progress) => display.update(progress) })
    try {
      log.info({ url: app.url }, 'serving')
      onStarted?.(app.url)
      await stop.requested
    } finally {
      display.stop()
      await app.stop()
    }
    log.info('stopped')
  } finally {
    display.stop()
    stop.release()
  }
}
