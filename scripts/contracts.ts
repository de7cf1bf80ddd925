/**
 * Compiles contracts/*.sol to src/demo/contracts.json: for each contract its ABI, creation code and runtime code. The
 * same sources give the same bytes on any machine. `--check` writes nothing and exits 1 if the file is stale.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import solc from 'solc'
import { isRecord } from '../src/core/is-record.ts'

const SOURCES = new URL('../contracts/', import.meta.url)
const OUTPUT = new URL('../src/demo/contracts.json', import.meta.url)
const require = createRequire(import.meta.url)

/** Abstract contracts are bases without code of their own. */
type Artifact = { readonly abi: readonly unknown[]; readonly bytecode: string; readonly runtime: string }

function settings(sources: Readonly<Record<string, { content: string }>>): unknown {
  return {
    language: 'Solidity',
    sources,
    settings: {
      evmVersion: 'cancun',
      optimizer: { enabled: true, runs: 200 },
      metadata: { bytecodeHash: 'none', appendCBOR: false },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
    },
  }
}

/** Solidity resolves its imports here: our own files by name, others from the installed packages. */
function resolveImport(path: string): { contents: string } | { error: string } {
  try {
    const file = path.startsWith('@') ? require.resolve(path) : new URL(path, SOURCES)
    return { contents: readFileSync(file, 'utf8') }
  } catch (cause) {
    return { error: String(cause) }
  }
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value)
}

/** The compiler's errors and warnings as text for people: we accept neither. */
function complaints(output: unknown): readonly string[] {
  const errors = at(output, 'errors')
  return Array.isArray(errors) ? errors.map((error) => String(at(error, 'formattedMessage'))) : []
}

function artifact(compiled: unknown): Artifact | undefined {
  const abi = at(compiled, 'abi')
  const bytecode = at(compiled, 'evm', 'bytecode', 'object')
  const runtime = at(compiled, 'evm', 'deployedBytecode', 'object')
  if (!Array.isArray(abi) || typeof bytecode !== 'string' || typeof runtime !== 'string') return undefined
  if (bytecode === '') return undefined
  return { abi: abi.map(trimItem), bytecode: `0x${bytecode}`, runtime: `0x${runtime}` }
}

/** Removes the compiler's own type names: nothing here reads them. */
function trimItem(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(trimItem)
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'internalType')
      .map(([key, inner]) => [key, trimItem(inner)]),
  )
}

function compile(): string {
  const names = readdirSync(SOURCES).filter((name) => name.endsWith('.sol'))
  const sources = Object.fromEntries(
    names.sort().map((name) => [name, { content: readFileSync(new URL(name, SOURCES), 'utf8') }]),
  )
  const output: unknown = JSON.parse(String(solc.compile(JSON.stringify(settings(sources)), { import: resolveImport })))
  const said = complaints(output)
  if (said.length > 0) fail(said.join('\n'))
  const lines = names
    .flatMap((file) => Object.entries(at(output, 'contracts', file) ?? {}))
    .map(([name, compiled]) => ({ name, artifact: artifact(compiled) }))
    .filter(({ artifact }) => artifact !== undefined)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, artifact }) => `  ${JSON.stringify(name)}: ${JSON.stringify(artifact)}`)
  return `{\n${lines.join(',\n')}\n}\n`
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

const text = compile()
if (!process.argv.includes('--check')) writeFileSync(OUTPUT, text)
else if (readFileSync(OUTPUT, 'utf8') !== text) fail('src/demo/contracts.json is stale: run `npm run generate`')
