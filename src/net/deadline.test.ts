import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { within } from './deadline.ts'

/** Work that runs until its signal fires, and returns the reason. */
function untilStopped(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason)
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true })
  })
}

test('work is stopped after its time limit, and by the signal of its caller', async () => {
  const caller = new AbortController()
  const { signal } = caller
  expect(await within({ ms: 1, signal }, untilStopped)).toMatchObject({ name: 'TimeoutError' })
  const stopped = within({ ms: 3_600_000, signal }, untilStopped)
  caller.abort('stop')
  expect(await stopped).toBe('stop')
  expect(await within({ ms: 3_600_000, signal }, untilStopped)).toBe('stop')
})

test('a long-lived signal keeps no listener after work succeeds or fails', async () => {
  const { signal } = new AbortController()
  expect(await within({ ms: 3_600_000, signal }, async () => 7)).toBe(7)
  const failing = within({ ms: 3_600_000, signal }, () => Promise.reject(new Error('broken')))
  await expect(failing).rejects.toThrow('broken')
  expect(getEventListeners(signal, 'abort')).toEqual([])
})
