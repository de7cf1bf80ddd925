/**
 * Checks the tree. Every step runs, a failing step shows its output, and the end lists the failed steps.
 * `--without-tests` skips the tests; `--results FILE` writes `{passed, failed}` of the steps.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'

type Step = { readonly name: string; readonly command: readonly string[] }

const generators = ['scripts/contracts.ts', 'scripts/error-docs.ts', 'scripts/openapi.ts'].filter((file) =>
  existsSync(file),
)
const steps: readonly Step[] = [
  { name: 'format and lint', command: ['biome', 'ci', '--colors=off', '.'] },
  { name: 'types', command: ['tsc', '-p', '.'] },
  {
    name: 'import boundaries',
    command: ['depcruise', 'src', 'test', 'bench', 'scripts', '--config', '--output-type', 'err'],
  },
  ...generators.map((file) => ({ name: `generated files: ${file}`, command: ['tsx', file, '--check'] })),
  { name: 'licences', command: ['tsx', 'scripts/licences.ts'] },
]
const tests: Step = { name: 'tests and tidy', command: ['npm', 'test'] }

function run(command: readonly string[]): { readonly ok: boolean; readonly output: string } {
  const [program = '', ...args] = command
  const local = `node_modules/.bin/${program}`
  const done = spawnSync(existsSync(local) ? local : program, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  return { ok: done.status === 0, output: `${done.stdout ?? ''}${done.stderr ?? ''}${done.error?.message ?? ''}` }
}

function workTree(): string {
  return run(['git', 'status', '--porcelain']).output
}

const before = workTree()
const failed: string[] = []
let passed = 0

function note(name: string, ok: boolean, output: string): void {
  console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name}`)
  if (ok) passed++
  else {
    failed.push(name)
    console.log(output)
  }
}

const withTests = !process.argv.includes('--without-tests')
for (const step of withTests ? [...steps, tests] : steps) {
  const { ok, output } = run(step.command)
  note(step.name, ok, output)
}
note('the tree is unchanged', workTree() === before, 'a check or a test changed the work tree: git status')

const resultsAt = process.argv.indexOf('--results')
const resultsFile = resultsAt === -1 ? undefined : process.argv[resultsAt + 1]
if (resultsFile !== undefined) writeFileSync(resultsFile, JSON.stringify({ passed, failed: failed.length }))
console.log(failed.length === 0 ? `all ${passed} checks passed` : `failed: ${failed.join(', ')}`)
process.exit(failed.length === 0 ? 0 : 1)
