import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { addHoldWallet, holdOf } from '../custody/hold-store.ts'
import { ENGINES } from '../store/engines.ts'

const CHILD = fileURLToPath(new URL('./hold-child.ts', import.meta.url))

/** Runs a process that places holds, and kills it after so many were reported. Returns the reported request ids and ids. */
function placeUntil(url: string, name: string, count: number): Promise<{ reported: string[][]; killed: boolean }> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, url, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
    if (text.split('\n').length > count + 1) child.kill('SIGKILL')
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (_, signal) => {
      // A line that was cut by the kill reports nothing.
      const lines = text.split('\n').slice(1, -1)
      resolve({ reported: lines.map((line) => line.split(' ')), killed: signal === 'SIGKILL' })
    })
  })
}

test.each(ENGINES)(
  '$name: two processes that are killed while they place holds exceed nothing, and lose no hold that they reported',
  async ({ makePlace }) => {
    const place = await makePlace()
    onTestFinished(() => place.end())
    const store = await place.open()
    await addHoldWallet(store)
    const { holds, members } = store.custody
    const locked = async (): Promise<bigint> =>
      (await members.rows({ principal: 'ann' }, { after: 0, limit: 1 }))[0]?.locked ?? 0n
    const reported: string[][] = []
    let kills = 0
    for (const [round, count] of [2, 5, 9].entries()) {
      const runs = await Promise.all(['a', 'b'].map((name) => placeUntil(place.url, `${name}${round}`, count)))
      for (const run of runs) {
        reported.push(...run.reported)
        if (run.killed) kills++
      }
      expect(await locked()).toBeLessThanOrEqual(100n)
    }
    expect(kills).toBeGreaterThan(0)
    // Two that nobody kills use up the rest.
    const last = await Promise.all(
      ['a', 'b'].map((name) => placeUntil(place.url, `${name}-last`, Number.POSITIVE_INFINITY)),
    )
    for (const run of last) reported.push(...run.reported)
    expect(await locked()).toBe(100n)
    for (const [requestId = '', id = ''] of reported) {
      expect(await holds.byRequest('ann', requestId)).toMatchObject({ id, status: 'active' })
      expect(await holds.get({ principal: 'ann', wallet: 'w1' }, id)).toMatchObject({ requestId })
    }
    const one = holdOf({ id: 'x', requestId: 'x', amount: 1n })
    expect(await holds.place({ principal: 'ann', hold: one, available: 100n, maxActive: 1_000 })).toEqual({
      outcome: 'short',
      left: 0n,
    })
  },
  180_000,
)
