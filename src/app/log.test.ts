import { describe, expect, test } from 'vitest'
import { createLog, readable } from './log.ts'

function lines(terminal: boolean): { readonly written: string[]; readonly log: ReturnType<typeof createLog> } {
  const written: string[] = []
  return { written, log: createLog({ level: 'info', sink: { terminal, write: (line) => void written.push(line) } }) }
}

describe('the log', () => {
  test('JSON lines: level, time, fields and words', () => {
    const { written, log } = lines(false)
    log.info({ chain: 'eip155:1', block: 7 }, 'caught up')
    log.debug('not this')
    expect(written).toHaveLength(1)
    expect(JSON.parse(written[0] ?? '')).toEqual({
      level: 30,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      chain: 'eip155:1',
      block: 7,
      msg: 'caught up',
    })
  })

  test('a repeated warning is limited, an info line never is', () => {
    const written: string[] = []
    const clock = { now: 0 }
    const sink = { terminal: false, write: (line: string) => void written.push(line) }
    const log = createLog({ level: 'info', sink, now: () => clock.now })
    for (let block = 0; block < 500; block++) {
      log.warn({ chain: 'eip155:1', node: 'http://a', block }, 'node is behind')
      log.error({ chain: 'eip155:1', block }, 'this chain stops')
      log.info({ chain: 'eip155:1', block }, 'backfill')
    }
    clock.now = 60_000
    log.warn({ chain: 'eip155:1', node: 'http://a', block: 500 }, 'node is behind')
    const entries = written.map((line) => JSON.parse(line))
    const of = (words: string) => entries.filter(({ msg }) => msg === words)
    expect([of('node is behind').length, of('this chain stops').length, of('backfill').length]).toEqual([11, 10, 500])
    expect(of('node is behind').at(-1)).toMatchObject({ chain: 'eip155:1', block: 500, left_out: 490 })
  })

  test('a short line on a terminal', () => {
    const { written, log } = lines(true)
    log.warn({ chain: 'eip155:1', err: new Error('gone') }, 'the node')
    expect(written).toEqual([expect.stringMatching(/^\d\d:\d\d:\d\d warn {2}the node: gone chain=eip155:1\n$/)])
  })

  test.each([true, false])('a URL shows no secret, anywhere in a line (terminal: %s)', (terminal) => {
    const { written, log } = lines(terminal)
    const url = 'https://user:PASS@node.example/v3/KEY?apikey=QUERY#HASH'
    log.warn({ url, deep: { urls: [url] }, err: new Error(`cannot reach ${url}`) }, `tried ${url}, again soon`)
    log.warn({ store: 'postgres://me:PASS@db/x' }, 'opened')
    expect(written.join('')).not.toMatch(/PASS|KEY|QUERY|HASH|user|\bme\b/)
    expect(written.join('')).toContain('https://node.example/…')
    expect(written).toHaveLength(2)
  })

  test('the position of an error in our code stays readable', () => {
    const { written, log } = lines(false)
    log.error({ err: new Error('a bug') }, 'oh')
    expect(written[0]).toContain('log.test.ts')
  })

  test('a line that is not JSON is shown unchanged', () => {
    expect(readable('plain\n')).toBe('plain\n')
  })
})
