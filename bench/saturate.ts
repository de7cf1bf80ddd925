import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import { assert } from '../src/core/assert.ts'
import type { Target } from './open-loop.ts'

/** Enough connections to keep one server process busy. */
const CONNECTIONS = 50

/** The load tool: wrk if it is installed, because it needs little processor time; else autocannon. */
export const LOAD_TOOL: 'wrk' | 'autocannon' = hasWrk() ? 'wrk' : 'autocannon'

/**
 * Answers per second while the server always has more work, also if several processes answer. Asserts that all answers were
 * good.
 */
export function saturate(target: Target, seconds: number, processes = 1): Promise<number> {
  const load = { seconds, connections: CONNECTIONS * processes }
  return LOAD_TOOL === 'wrk' ? byWrk(target, load) : byAutocannon(target, load)
}

type Load = { readonly seconds: number; readonly connections: number }

function hasWrk(): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v wrk'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function byAutocannon(target: Target, { seconds, connections }: Load): Promise<number> {
  const result = await autocannon({
    url: target.url,
    connections,
    duration: seconds,
    headers: { ...target.headers },
    requests: target.paths.map((path) => ({ method: 'GET', path })),
  })
  assert(result.non2xx === 0 && result.errors === 0, `every answer is good (${result.non2xx} were not)`)
  return result.requests.total / result.duration
}

async function byWrk(target: Target, { seconds, connections }: Load): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-wrk-'))
  try {
    const script = join(folder, 'paths.lua')
    writeFileSync(script, luaOf(target))
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, target.url]
    const said = await outputOf('wrk', args)
    assert(!/Non-2xx|Socket errors/.test(said), `every answer is good:\n${said}`)
    const rate = /Requests\/sec:\s+([\d.]+)/.exec(said)?.[1]
    assert(rate !== undefined, `wrk prints a rate:\n${said}`)
    return Number(rate)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function luaOf(target: Target): string {
  const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`
  return [
    ...Object.entries(target.headers).map(([name, value]) => `wrk.headers[${quoted(name)}] = ${quoted(value)}`),
    `local paths = {${target.paths.map(quoted).join(',')}}`,
    'local requests = {}',
    // Made before the first is sent: the load tool shares the machine's cores with what it measures.
    'init = function() for at = 1, #paths do requests[at] = wrk.format("GET", paths[at]) end end',
    'local at = 0',
    'request = function() at = at % #requests + 1; return requests[at] end',
  ].join('\n')
}

async function outputOf(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const chunks: Buffer[] = []
  for await (const chunk of child.stdout) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}
