/**
 * Writes docs/errors.md from the table in core/errors.ts. `--check` writes nothing and exits 1 if the file is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { ERRORS } from '../src/core/errors.ts'

const FILE = new URL('../docs/errors.md', import.meta.url)

const HEAD = `# Errors

Every operational failure has one of these codes. Generated from \`src/core/errors.ts\` by \`npm run generate\`.

*Again*: the same call may succeed later. *Shown*: the message may reach an API caller, in the words of the vendor whose
path was called; the others leave as the vendor's generic 500 with a request id, and the log has the code.

| code | again | shown | what it says |
|---|---|---|---|
`

const rows = Object.entries(ERRORS).map(
  ([code, { retry, expose, says }]) =>
    `| \`${code}\` | ${retry ? 'yes' : 'no'} | ${expose ? 'yes' : 'no'} | ${says} |\n`,
)
const text = HEAD + rows.join('')

if (!process.argv.includes('--check')) {
  writeFileSync(FILE, text)
} else if (readFileSync(FILE, 'utf8') !== text) {
  console.error('docs/errors.md is stale: npm run generate')
  process.exit(1)
}
