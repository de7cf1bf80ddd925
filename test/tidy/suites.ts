import { dirname, join } from 'node:path'
import type { Source } from './sources.ts'

/** What a suite names that chooses its engines itself. */
const CHOOSES = /\b(ENGINES|placeMaker|serveOnEach|PostgresServer)\b/

/** The folders of suites that use stores, and are about something else. */
const ABOVE_STORES =
  /^(src\/(?!store\/)|test\/(balances|chia|conformance|e2e|faults|indexer|odd|robust|starknet|tokens)\/)/

/** The test files above stores that make a store on the engine of the run (`newPlace`), by themselves or through a helper, and choose none. */
export function suitesOfAnEngine(sources: readonly Source[]): readonly string[] {
  const tests = new Map(sources.filter(({ file }) => file.startsWith('test/')).map(({ file, text }) => [file, text]))
  const makes = new Map<string, boolean>()
  const makesPlaces = (file: string, text: string): boolean => {
    const known = makes.get(file)
    if (known !== undefined) return known
    // Of a cycle, the rest decides.
    makes.set(file, false)
    const found =
      /\bnewPlace\(/.test(text) || importsOf(file, text).some((one) => makesPlaces(one, tests.get(one) ?? ''))
    makes.set(file, found)
    return found
  }
  const suites = sources.filter(({ file }) => file.endsWith('.test.ts') && ABOVE_STORES.test(file))
  return suites.flatMap(({ file, text }) => (!CHOOSES.test(text) && makesPlaces(file, text) ? [file] : []))
}

/** The files that a file imports, as paths from the root; packages are left out. */
function importsOf(file: string, text: string): readonly string[] {
  const imported = [...text.matchAll(/^(?:import|export|\}) .*from '(\.[^']+)'$/gm)]
  return imported.map(([, path = '']) => join(dirname(file), path))
}

/** A pattern for the paths that a glob of `test/suites.ts` names. */
export function patternOf(glob: string): RegExp {
  const pattern = glob
    .replaceAll('.', '\\.')
    .replaceAll(/!\(([^)]*)\)/g, '(?!($1)\\.)*')
    .replaceAll('*', '[^/]*')
    .replaceAll(/\{([^}]*)\}/g, (_, names: string) => `(${names.replaceAll(',', '|')})`)
  return new RegExp(`^${pattern}$`)
}
