import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isServiceError } from '../core/errors.ts'
import { type ConfigChoice, readConfig } from './config-option.ts'
import { UsageError } from './outcome.ts'

let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'steelyard-config-option-'))
  const chains = 'chains: [{ id: ledger:main }]\n'
  for (const folder of ['yaml', 'yml', 'both', 'empty']) mkdirSync(join(root, folder))
  writeFileSync(join(root, 'yaml', 'steelyard.yaml'), `store: sqlite:./a\n${chains}`)
  writeFileSync(join(root, 'yml', 'steelyard.yml'), `store: sqlite:./b\n${chains}`)
  writeFileSync(join(root, 'both', 'steelyard.yaml'), `store: sqlite:./a\n${chains}`)
  writeFileSync(join(root, 'both', 'steelyard.yml'), `store: sqlite:./b\n${chains}`)
  writeFileSync(join(root, 'other.yaml'), `store: sqlite:./other\n${chains}`)
  writeFileSync(join(root, 'chainless.yaml'), '')
})
afterAll(() => rmSync(root, { recursive: true }))

type Env = Readonly<Record<string, string>>

/** The store that a command reads in a folder, below the root, and the sentences that it writes. */
function read(folder: string, env: Env, choice: ConfigChoice = {}) {
  const said: string[] = []
  const needs = { needsChains: true, tell: (sentence: string) => void said.push(sentence.replaceAll(root, '')) }
  const { config, file } = readConfig(choice, needs, { env, folder: join(root, folder) })
  return { store: config.store.replace(root, ''), file: file?.replace(root, ''), said }
}

const LEDGER = '[{ id: ledger:main }]'
const BY_VARIABLES = 'Using the STEELYARD_ variables as configuration: this folder has no steelyard.yaml.'

test.each<[string, Env, { store: string; file: string | undefined; said: string[] }]>([
  [
    'yaml',
    {},
    { store: 'sqlite:/yaml/a', file: '/yaml/steelyard.yaml', said: ['Using the configuration /yaml/steelyard.yaml.'] },
  ],
  [
    'yml',
    {},
    { store: 'sqlite:/yml/b', file: '/yml/steelyard.yml', said: ['Using the configuration /yml/steelyard.yml.'] },
  ],
  [
    'both',
    {},
    { store: 'sqlite:/both/a', file: '/both/steelyard.yaml', said: ['Using the configuration /both/steelyard.yaml.'] },
  ],
  [
    'yaml',
    { STEELYARD_CONFIG: ' ' },
    {
      store: 'sqlite:/yaml/a',
      file: '/yaml/steelyard.yaml',
      said: ['STEELYARD_CONFIG is empty and counts as not set.', 'Using the configuration /yaml/steelyard.yaml.'],
    },
  ],
  ['empty', { STEELYARD_CHAINS: LEDGER }, { store: 'sqlite:/empty/data', file: undefined, said: [BY_VARIABLES] }],
  [
    'empty',
    { STEELYARD_CHAINS_0_ID: 'eip155:1', STEELYARD_CHAINS_0_RPC_0: 'http://127.0.0.1:1', STEELYARD_STORE: '' },
    {
      store: 'sqlite:/empty/data',
      file: undefined,
      said: [BY_VARIABLES, 'STEELYARD_STORE is empty and counts as not set.'],
    },
  ],
])('in %s/ with %j', (folder, env, expected) => {
  expect(read(folder, env)).toEqual(expected)
})

test('the option comes before the variable, and the variable before a found file', () => {
  const other = join(root, 'other.yaml')
  const env = { STEELYARD_CONFIG: other }
  expect(read('yaml', {}, { config: other })).toEqual({ store: 'sqlite:/other', file: '/other.yaml', said: [] })
  expect(read('yaml', env).said).toEqual(['Using the configuration /other.yaml.'])
  expect(read('yaml', env, { config: join(root, 'both', 'steelyard.yml') }).store).toBe('sqlite:/both/b')
})

test.each<Env>([{}, { STEELYARD_DEBUG: '1' }, { STEELYARD_STORE: '' }])(
  'no configuration, with %j, is wrong use',
  (env) => {
    expect(() => read('empty', env)).toThrow(UsageError)
    expect(() => read('empty', env)).toThrow('"steelyard init" writes one')
  },
)

test('an option without a name, and variables that are not a configuration', () => {
  expect(() => read('yaml', {}, { config: '' })).toThrow('--config: got "", expected the name of a file')
  const fail = (env: Env): unknown => {
    try {
      return read('empty', env)
    } catch (error) {
      return isServiceError(error, 'CONFIG_INVALID') ? error.message : error
    }
  }
  expect(fail({ STEELYARD_LISTEN_PORT: '9000' })).toContain(
    'variables: 1 mistake in the configuration\n  chains: is missing',
  )
  expect(fail({ STEELYARD_CHAINS: LEDGER, STEELYARD_LISTEN_PROT: '1' })).toContain(
    'did you mean "STEELYARD_LISTEN_PORT"?',
  )
})
