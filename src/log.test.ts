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

  test('a short line on a terminal', () => {
    const { written, log } = lines(true)
    log.warn({ chain: 'eip155:1', err: new Error('gone') }, 'the node')
    expect(written).toEqual([expect.stringMatching(/^\d\d:\d\d:\d\d warn {2}the node: gone chain=eip155:1\n$/)])
  })

  test.each([true, false])('no secret of a URL gets out, wherever it stands (terminal: %s)', (terminal) => {
    const { written, log } = lines(terminal)
    const url = 'https://user:PASS@node.example/v3/KEY?apikey=QUERY#HASH'
    log.warn({ url, deep: { urls: [url] }, err: new Error(`cannot reach ${url}`) }, `tried ${url}, again soon`)
    log.warn({ store: 'postgres://me:PASS@db/x' }, 'opened')
    expect(written.join('')).not.toMatch(/PASS|KEY|QUERY|HASH|user|\bme\b/)
    expect(written.join('')).toContain('https://node.example/…')
    expect(written).toHaveLength(2)
  })

  test('where an error came from stays readable', () => {
    const { written, log } = lines(false)
    log.error({ err: new Error('a bug') }, 'oh')
    expect(written[0]).toContain('log.test.ts')
  })

  test('a line that is no JSON is shown as it is', () => {
    expect(readable('plain\n')).toBe('plain\n')
  })
})
