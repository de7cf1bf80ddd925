/**
 * The HTTP baseline of this machine from one process: a bare node:http server that sends the same bytes to every
 * caller. With `--body FILE --headers JSON` it prints its URL and serves until its standard input closes.
 */
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { assert } from '../src/core/assert.ts'

export type BareServer = { readonly url: string; readonly pid: number; readonly stop: () => Promise<void> }

/** An answer to copy: the body, and the headers in order. */
export type Sample = { readonly body: Buffer; readonly headers: readonly (readonly [string, string])[] }

/** Headers that node:http writes itself. */
const OWN = new Set(['date', 'connection', 'keep-alive', 'content-length', 'transfer-encoding'])

/** Starts a bare server in its own process. It answers every request with the sample's body and headers. */
export async function startBareServer(folder: string, sample: Sample): Promise<BareServer> {
  const file = join(folder, 'bare-body')
  writeFileSync(file, sample.body)
  const headers = JSON.stringify(sample.headers.filter(([name]) => !OWN.has(name.toLowerCase())))
  const script = fileURLToPath(import.meta.url)
  const args = ['--import', 'tsx', script, '--body', file, '--headers', headers]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  assert(child.pid !== undefined, 'a started process has an id')
  const { pid } = child
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async (): Promise<void> => {
    child.stdin.end()
    await exited
  }
  for await (const url of createInterface({ input: child.stdout })) return { url, pid, stop }
  assert(false, 'the bare server prints its URL')
}

function main(file: string, headersJson: string): void {
  const body = readFileSync(file)
  const parsed: unknown = JSON.parse(headersJson)
  const pairs = Array.isArray(parsed) ? parsed : []
  const headers = [...pairs.flat().map(String), 'content-length', String(body.length)]
  const server = createServer((_, response) => response.writeHead(200, headers).end(body))
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    process.stdout.write(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}\n`)
  })
  process.stdin.resume().once('end', () => process.exit(0))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { body: { type: 'string' }, headers: { type: 'string' } } })
  main(values.body ?? '', values.headers ?? '[]')
}
