/**
 * Lists packages in package-lock.json with a licence that we may neither ship nor build with. Exits 1 if there are any.
 */
import { readFileSync } from 'node:fs'
import { isRecord } from '../src/core/is-record.ts'

const ALLOWED = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Python-2.0',
  'Unlicense',
  'WTFPL',
  'Zlib',
])
/** Tools that we use but do not ship, and why that is allowed. */
const TOOLS: ReadonlyMap<string, string> = new Map([
  ['@uniswap/default-token-list', 'GPL-3.0: data that one test reads; neither shipped nor built with'],
  ['memorystream', 'of solc, which only compiles test contracts; MIT by the text it ships'],
])

/** `(MIT OR Apache-2.0)` needs one allowed part, `A AND B` needs all. */
function isAllowed(licence: string): boolean {
  const plain = licence.replace(/[()]/g, '')
  return plain.split(' OR ').some((one) => one.split(' AND ').every((part) => ALLOWED.has(part.trim())))
}

const lock: unknown = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const packages = isRecord(lock) && isRecord(lock.packages) ? lock.packages : {}
let bad = 0
for (const [path, entry] of Object.entries(packages)) {
  const name = path.replace(/^.*node_modules\//, '')
  if (path === '' || !isRecord(entry)) continue
  const licence = typeof entry.license === 'string' ? entry.license : 'none'
  const isTool = entry.dev === true && (TOOLS.has(name) || licence === 'MPL-2.0')
  if (isAllowed(licence) || isTool) continue
  console.error(`${name}: licence ${licence}`)
  bad++
}
if (bad > 0) process.exit(1)
