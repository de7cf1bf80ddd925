import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FrontDoor, type Taker } from './front-door.ts'

class FakeWorker implements Taker {
  isReady = true
  readonly taken: Socket[] = []
  handing = 0
  confirms = true

  hand(socket: Socket): void {
    this.taken.push(socket)
    if (!this.confirms) this.handing += 1
  }
}

let workers: readonly [FakeWorker, FakeWorker]
let door: FrontDoor
let url: URL
let callers: Socket[]
beforeEach(async () => {
  workers = [new FakeWorker(), new FakeWorker()]
  door = new FrontDoor(workers)
  url = new URL(await door.listen({ host: '127.0.0.1', port: 0 }))
  callers = []
})
afterEach(() => {
  door.close()
  for (const socket of [...callers, ...workers.flatMap(({ taken }) => taken)]) socket.destroy()
})

async function call(times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const socket = connect(Number(url.port), url.hostname)
    callers.push(socket)
    await new Promise((resolve) => socket.once('connect', resolve))
  }
}

const counts = () => workers.map(({ taken }) => taken.length)

test('connections go to the ready workers in turn', async () => {
  await call(6)
  await expect.poll(counts, { timeout: 60_000 }).toEqual([3, 3])
  workers[0].isReady = false
  await call(3)
  await expect.poll(counts, { timeout: 60_000 }).toEqual([3, 6])
})

test('a worker that confirms nothing gets no more than the other one has to confirm', async () => {
  workers[0].confirms = false
  await call(10)
  await expect.poll(counts, { timeout: 60_000 }).toEqual([1, 9])
})

test('connections wait while no worker is ready, and are closed if none comes', async () => {
  for (const worker of workers) worker.isReady = false
  await call(2)
  workers[1].isReady = true
  await call(1)
  await expect.poll(counts, { timeout: 60_000 }).toEqual([0, 1])
  door.flush()
  expect(counts()).toEqual([0, 3])
  workers[1].isReady = false
  await call(1)
  const last = new Promise((resolve) => callers.at(-1)?.once('close', resolve))
  callers.at(-1)?.resume()
  door.close()
  await last
})

test('a port that is taken is named', async () => {
  const second = new FrontDoor(workers)
  await expect(second.listen({ host: '127.0.0.1', port: Number(url.port) })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining(`cannot listen on 127.0.0.1 port ${url.port}`),
  })
})
