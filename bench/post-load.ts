import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import { assert } from '../src/core/assert.ts'
import { LOAD_TOOL } from './saturate.ts'

/** The requests to post: these bodies in turn, each with a new idempotency key that starts with `keys`. */
export type PostLoad = {
  readonly url: string
  readonly path: string
  readonly bodies: readonly string[]
  readonly keys: string
}

/**
 * Keeps `connections` connections posting for `seconds` seconds, each with a new request after each answer. Asserts
 * that all requests were accepted.
 */
export function post(load: PostLoad, connections: number, seconds: number): Promise<void> {
  return LOAD_TOOL === 'wrk' ? byWrk(load, connections, seconds) : byAutocannon(load, connections, seconds)
}

async function byAutocannon(
  { url, path, bodies, keys }: PostLoad,
  connections: number,
  seconds: number,
): Promise<void> {
  let next = 0
  const result = await autocannon({
    url: url + path,
    connections,
    duration: seconds,
    requests: [
      {
        method: 'POST',
        path,
        setupRequest: (request) => {
          next += 1
          const headers = { 'content-type': 'application/json', 'idempotency-key': `${keys}-${next}` }
          return { ...request, headers, body: bodies[next % bodies.length] ?? '' }
        },
      },
    ],
  })
  assert(result.non2xx === 0 && result.errors === 0, `every operation is accepted (${result.non2xx} were not)`)
}

async function byWrk({ url, path, bodies, keys }: PostLoad, connections: number, seconds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-wrk-'))
  try {
    const script = join(folder, 'post.lua')
    const quoted = (text: string): string => `[==[${text}]==]`
    const lines = [
      `local bodies = {${bodies.map(quoted).join(',')}}`,
      'local at = 0',
      'local headers = { ["content-type"] = "application/json" }',
      'request = function()',
      '  at = at + 1',
      `  headers["idempotency-key"] = "${keys}-" .. at`,
      `  return wrk.format("POST", "${path}", headers, bodies[at % #bodies + 1])`,
      'end',
    ]
    writeFileSync(script, lines.join('\n'))
    const child = spawn('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url])
    let said = ''
    for await (const chunk of child.stdout) said += String(chunk)
    assert(/Requests\/sec/.test(said) && !/Non-2xx|Socket errors/.test(said), `every operation is accepted:\n${said}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
