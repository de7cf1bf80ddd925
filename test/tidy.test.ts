import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ERRORS } from '../src/core/errors.ts'
import * as facts from '../src/journal/tables/facts.ts'
import * as marks from '../src/journal/tables/marks.ts'
import { ON_EACH_ENGINE, SHORT_ON_EACH_ENGINE } from './suites.ts'
import { undocumentedExports } from './tidy/exports.ts'
import { untidyFunctions } from './tidy/functions.ts'
import { kindNames } from './tidy/kind-names.ts'
import { engineInterfaces, namedByEngines, seamInterfaces } from './tidy/seam.ts'
import { projectFiles, type Source, typescriptSources } from './tidy/sources.ts'
import { patternOf, suitesOfAnEngine } from './tidy/suites.ts'
import { tableWriters } from './tidy/table-writers.ts'
import { forbiddenWords } from './tidy/words.ts'

const MAX_FILE_LINES = 300
/** Methods of the ports of the store, which the application uses and which are implemented once. This number only falls. */
const MAX_SEAM_METHODS = 165
/** Interfaces of the ports with more methods than six. The list only gets shorter. */
const WIDE_INTERFACES: Readonly<Record<string, number>> = {
  AuditStore: 9,
  ObservationStore: 9,
  Journal: 9,
  ChainReads: 10,
}
/** Methods of `src/store/engine/`: all that an engine implements, but for a bulk load. */
const MAX_ENGINE_METHODS = 25
/**
 * What an engine's folder names besides, by the numbers of methods. The lists only get shorter.
 */
const ALSO_OF_ENGINES: Readonly<Record<string, number>> = {
  // Engines use it; `journal-codec.ts` makes it.
  StoredColumn: 1,
  // An engine may have no bulk load. `Expected` is what it is checked against.
  ...{ BulkStore: 6, BulkSink: 5, RowWriter: 4, SinkPart: 4, SinkSharing: 1, StoredChain: 4, Expected: 3 },
}
/** The tables of a chain's journal, which plans write. */
const JOURNAL_TABLES = new Set(
  Object.values({ ...facts, ...marks }).flatMap((one) => ('columns' in one ? [one.name] : [])),
)
const files = projectFiles()
const sources = typescriptSources(files)
const shipped = sources.filter(({ file }) => file.startsWith('src/') && !/\.(test|fixture)\.ts$/.test(file))
// These files contain the forbidden patterns themselves.
const others = sources.filter(({ file }) => !file.startsWith('test/tidy'))

/** The matching lines of the sources, each as `file:line: text`. */
function find(pattern: RegExp, among: readonly Source[]): readonly string[] {
  return among.flatMap(({ file, text }) =>
    text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  )
}

/** Suites that use the engine of the run and stay on the first one, for the reason at their top. */
const ON_ONE_ENGINE = [
  'test/e2e/ledger-full.test.ts',
  ...['damage', 'damaged-log', 'full-disk', 'ledger-file'].map((name) => `test/robust/${name}.test.ts`),
]

describe('suites', () => {
  test('what makes stores on the engine of the run is run on each', () => {
    const suites = suitesOfAnEngine(sources)
    expect(suites.length).toBeGreaterThan(60)
    const named = ON_EACH_ENGINE.map(patternOf)
    const left = suites.filter((file) => !named.some((one) => one.test(file)))
    expect(left.sort()).toEqual(ON_ONE_ENGINE)
  })

  test('each entry of the lists names a suite', () => {
    const entries = [...ON_EACH_ENGINE, ...SHORT_ON_EACH_ENGINE]
    expect(entries.filter((glob) => !files.some((file) => patternOf(glob).test(file)))).toEqual([])
  })
})

describe('files', () => {
  test('no file is too long', () => {
    const long = sources
      .map(({ file, text }) => ({ file, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > MAX_FILE_LINES)
    expect(long).toEqual([])
  })

  test('no file has a name that fits anything', () => {
    const heap = /^(utils?|helpers?|commons?|shared|services?|managers?|misc|index)(\.ts)?$/
    const named = files.filter(
      (file) => /^(src|test|bench|scripts)\//.test(file) && file.split('/').some((part) => heap.test(part)),
    )
    expect(named).toEqual([])
  })

  test('unit tests are next to the code that they test', () => {
    const homes = new Set(sources.map(({ file }) => file))
    const lonely = sources
      .map(({ file }) => file)
      .filter((file) => file.startsWith('src/') && file.endsWith('.test.ts'))
      .filter(
        (file) =>
          ![...homes].some((home) => home !== file && home.startsWith(file.slice(0, file.lastIndexOf('/') + 1))),
      )
    expect(lonely).toEqual([])
  })
})

describe('the seam to the store', () => {
  const interfaces = seamInterfaces(sources)

  test('it has no more methods than before', () => {
    const methods = interfaces.reduce((sum, one) => sum + one.methods, 0)
    expect(methods).toBeGreaterThan(0)
    expect(methods).toBeLessThanOrEqual(MAX_SEAM_METHODS)
  })

  test('no further interface has more than six methods', () => {
    const wide = interfaces.filter(({ name, methods }) => methods > (WIDE_INTERFACES[name] ?? 6))
    expect(wide).toEqual([])
  })

  test('an engine implements no more than before, in interfaces of at most six methods', () => {
    const ofEngines = engineInterfaces(sources)
    const methods = ofEngines.reduce((sum, one) => sum + one.methods, 0)
    expect(methods).toBeGreaterThan(0)
    expect(methods).toBeLessThanOrEqual(MAX_ENGINE_METHODS)
    expect(ofEngines.filter((one) => one.methods > 6)).toEqual([])
    const more = namedByEngines(sources).filter(({ name, methods: has }) => has > (ALSO_OF_ENGINES[name] ?? 0))
    expect(more).toEqual([])
  })

  test('each table has one file that writes it', () => {
    const writers = [...tableWriters(sources)]
    expect(writers.length).toBeGreaterThan(50)
    expect(writers.filter(([, files]) => files.length > 1)).toEqual([])
    // Those of a journal are written by its plans, but for what a writer claims, and the repairs that a bulk load is done with.
    const byHand = writers.filter(([table, files]) => files.length > 0 && JOURNAL_TABLES.has(table))
    const claimed = ['chain', 'clock', 'followed'].map((table) => [table, ['queries/claim-chain.ts']])
    expect(byHand).toEqual([...claimed, ['repaired', ['sqlite/write/bulk-store.ts']]])
  })

  test('it names nothing that only SQLite has', () => {
    const seam = sources.filter(({ file }) => /^src\/store\/(seam|engine)\//.test(file))
    expect(find(/\b(data_version|pragma|wal|attach(ed)?|rowid)\b/i, seam)).toEqual([])
  })
})

describe('functions and names', () => {
  test('no function is too long or has too many parameters', () => {
    expect(sources.flatMap(untidyFunctions)).toEqual([])
  })

  test('every export is documented', () => {
    expect(shipped.flatMap(undocumentedExports)).toEqual([])
  })

  test('one word for one thing', () => {
    // A vendor's fields and the methods of an npm package have the names that they have.
    const named = shipped.filter(({ file }) => !/^src\/(api\/dialects\/|demo\/chia\/sdk\.ts)/.test(file))
    expect(named.flatMap(forbiddenWords)).toEqual([])
  })
})

test('no standard and no namespace of one family of chains is named outside its home', () => {
  expect(shipped.flatMap(kindNames)).toEqual([])
})

describe('rules that a line can break', () => {
  test.each<[string, RegExp, (source: Source) => boolean]>([
    ['no TODO is left', /\b(TODO|FIXME|XXX)\b/, () => true],
    ['no test is skipped', /\b(it|test|describe)\.(skip|only|todo|fails)\b/, () => true],
    [
      'only the configuration and the command line read the environment',
      /process\.env\b/,
      ({ file }) => file.startsWith('src/') && !/^src\/(config|cli)[./]/.test(file) && !file.endsWith('.test.ts'),
    ],
    [
      'only the registry branches on the kind of a chain',
      /\bkind\s*[!=]==?\s*['"](evm|starknet|chia|ledger)['"]/,
      ({ file }) => file.startsWith('src/') && file !== 'src/chains/registry.ts',
    ],
    [
      'a bound limit is an expression: SQLite plans a statement with a bare one anew whenever another value is bound',
      /\b(LIMIT|OFFSET) [?@:](?![^`'"]* \+ 0)/,
      ({ file }) => file.startsWith('src/store/sqlite/'),
    ],
    [
      'no type is discarded',
      /:\s*any\s*([[\])},;=>|&]|$)|\bas any\b|\bas unknown as\b|@ts-(ignore|nocheck|expect-error)/,
      () => true,
    ],
    [
      'a check of requests is added by addCheck: a hook does not run for direct calls',
      /\baddHook\(\s*['"`](onRequest|preParsing|preValidation|preHandler|preSerialization|onSend)\b/,
      ({ file }) => file.startsWith('src/') && !/^src\/api\/http\/(checks|server)\.ts$|\.test\.ts$/.test(file),
    ],
    ['parsed JSON is checked, not cast', /JSON\.parse\(.*\)\s+as\s/, () => true],
  ])('%s', (_, pattern, concerns) => {
    expect(find(pattern, others.filter(concerns))).toEqual([])
  })

  test('no file names one machine or one registry', () => {
    const pattern = /(^|[^\w.])\/(work|root|home|Users)\/\w|\.\.\/shared\/|registry\.(npmjs|yarnpkg|npmmirror)\./
    const text = files.filter((file) => !/^test\/tidy|\.(png|ico|db)$/.test(file))
    const named = text.filter((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .some((line) => pattern.test(line)),
    )
    expect(named).toEqual([])
  })
})

test('the lock file has every package that it names, also for other platforms: otherwise npm ci fails', () => {
  const lock: unknown = JSON.parse(readFileSync('package-lock.json', 'utf8'))
  const packages = new Map(Object.entries(entriesOf(lock).get('packages') ?? {}))
  const missing = [...packages].flatMap(([path, entry]) =>
    Object.keys(entriesOf(entry).get('optionalDependencies') ?? {}).filter(
      (name) => !packages.has(`node_modules/${name}`) && !packages.has(`${path}/node_modules/${name}`),
    ),
  )
  expect(packages.size).toBeGreaterThan(100)
  expect(missing).toEqual([])
})

function entriesOf(value: unknown): ReadonlyMap<string, object> {
  const entries: [string, unknown][] = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return new Map(entries.flatMap(([key, part]) => (typeof part === 'object' && part !== null ? [[key, part]] : [])))
}

describe('documents', () => {
  test('docs/errors.md lists exactly the codes of core/errors.ts', () => {
    const listed = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code)
    expect(listed).toEqual(Object.keys(ERRORS))
  })

  test('the README gives the commands that CI runs', () => {
    const readme = readFileSync('README.md', 'utf8')
    expect(readme).toContain('npm ci && npm run demo')
    expect(readme).toContain('npm ci && npm test')
  })

  test('every decision has context, decision and consequences', () => {
    const decisions = files.filter((file) => file.startsWith('docs/decisions/') && file.endsWith('.md'))
    const unsaid = decisions.filter((file) => {
      const text = readFileSync(file, 'utf8')
      const isNamed = /^\d{4}-[a-z0-9-]+\.md$/.test(basename(file))
      return !isNamed || !['## Context', '## Decision', '## Consequences'].every((heading) => text.includes(heading))
    })
    expect(unsaid).toEqual([])
  })
})
