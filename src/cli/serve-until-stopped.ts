import type { AppConfig } from '../app/app-config.ts'
import type { GroupMember } from '../app/group-member.ts'
import { createLog, type Logger, type LogSink } from '../app/log.ts'
import type { Progress } from '../app/progress.ts'
import { startApp } from '../app/start-app.ts'
import { startIndexers } from '../app/start-indexers.ts'
import { DRAW_MS, ProgressDisplay } from './progress.ts'
import { errorScreen } from './screen.ts'
import { type ServeWords, serveLines } from './serve-words.ts'
import type { StopRequest } from './stop-signal.ts'

/** What one process serves with. `said`: lines for the start of the log. `member`: it is one of a group. */
export type ServingOptions = {
  readonly config: AppConfig
  readonly said?: readonly string[]
  readonly stop: StopRequest
  readonly member?: GroupMember | undefined
}

/** What a process serves with that answers. */
export type AnsweringOptions = ServingOptions & {
  /** Hints to print once the server listens; undefined: only its URL. */
  readonly words?: ServeWords
  /** `api`: other processes index. */
  readonly role?: 'api' | 'all'
  /** Receives the server's URL once every chain has caught up. */
  readonly onReady?: (url: string) => Promise<void>
}

/** Serves until a stop is requested. */
export async function serveUntilStopped(options: AnsweringOptions): Promise<void> {
  const { config, stop, member, role = 'all', words, onReady } = options
  const ready = readiness(config.chains.map(({ id }) => id))
  await withLog(options, async ({ log, display }) => {
    const app = await startApp({
      config,
      log,
      runsIndexers: role === 'all',
      mayCreate: role === 'all' || member !== undefined,
      besideOthers: role === 'all' ? undefined : { member },
      onProgress: (progress) => {
        display.update(progress)
        ready.update(progress)
      },
    })
    try {
      if (member === undefined) printServing(app.url, { words, log, sink: display.sink })
      else {
        log.info('answering')
        member.ready()
      }
      await Promise.race([ready.reached, stop.requested])
      if (!stop.signal.aborted) await onReady?.(app.url)
      await stop.requested
    } finally {
      display.stop()
      await app.stop()
    }
  })
}

/** Indexes until a stop is requested, and answers nothing. */
export async function indexUntilStopped(options: ServingOptions): Promise<void> {
  const { config, stop, member } = options
  await withLog(options, async ({ log, display }) => {
    const onProgress = (progress: Progress): void => display.update(progress)
    const indexers = await startIndexers({ config, log, onProgress })
    try {
      log.info({ chains: config.chains.map(({ id }) => id) }, 'indexing')
      member?.ready()
      await stop.requested
    } finally {
      display.stop()
      await indexers.stop()
    }
  })
}

/** Works with a log that shows progress beside its lines. */
async function withLog(
  { config, said = [], member }: ServingOptions,
  work: (parts: { readonly log: Logger; readonly display: ProgressDisplay }) => Promise<void>,
): Promise<void> {
  const screen = errorScreen()
  // Processes of a group write to the same terminal, so none of them draws a bar.
  const hasBar = screen.sink.terminal && member === undefined
  const display = new ProgressDisplay(screen, () => performance.now(), hasBar)
  const drawing = setInterval(() => display.tick(), DRAW_MS)
  const log = createLog({ level: config.log.level, sink: display.sink, member: member?.name })
  display.logTo(log)
  for (const sentence of said) log.info(sentence)
  try {
    await work({ log, display })
    log.info('stopped')
  } finally {
    clearInterval(drawing)
    display.stop()
  }
}

/** Prints the hints on a terminal, else writes one log line. Writes neither if the log level is above info. */
export function printServing(
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
