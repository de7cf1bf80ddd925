/**
 * Builds dist/ from src/: JavaScript and types, the JSON that the source reads at run time, and an executable command.
 * It builds dist/ from scratch each time, so that nothing of a removed file stays.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

rmSync('dist', { recursive: true, force: true })
const compiled = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
})
if (compiled.status !== 0) process.exit(compiled.status ?? 1)

for (const name of readdirSync('src', { recursive: true, encoding: 'utf8' })) {
  if (name.endsWith('.json') || name.endsWith('.sql')) cpSync(join('src', name), join('dist', name))
}
chmodSync('dist/cli/main.js', 0o755)
