/**
 * The built server with a slower disk: `--config FILE --slow-commit-ms N`. Prints its URL and serves until its standard
 * input closes.
 */
import { parseArgs } from 'node:util'
import { loadAppConfig } from '../src/app/app-config.ts'
import { createLog, standardError } from '../src/app/log.ts'

const { values } = parseArgs({ options: { config: { type: 'string' }, 'slow-commit-ms': { type: 'string' } } })
const config = loadAppConfig({ file: values.config ?? '', env: {} })
const built: typeof import('../src/app/start-app.ts') = await import(
  new URL('../dist/app/start-app.js', import.meta.url).href
)
const log = createLog({ level: config.log.level, sink: standardError() })
const app = await built.startApp({ config, log, slowCommitMs: Number(values['slow-commit-ms'] ?? 0) })
process.stdout.write(`${app.url}\n`)
process.stdin.resume().once('end', () => void app.stop().then(() => process.exit(0)))
