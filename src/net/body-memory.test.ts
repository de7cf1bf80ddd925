import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { assert } from '../core/assert.ts'
import { BodyMemory } from './body-memory.ts'
import { createEndpoint, type HttpEndpoint } from './http.ts'

const SIGNAL = new AbortController().signal
let server: Server
let endpoint: HttpEndpoint

/** A server that answers the request's text many times over, in chunks, so that answers overlap. */
beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    for (let part = 0; part < 20; part++) {
      response.write(text.repeat(1000))
      await new Promise((resolve) => setImmediate(resolve))
    }
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert(address !== null && typeof address === 'object', 'a listening server has a port')
  endpoint = createEndpoint(`http://127.0.0.1:${address.port}`, { timeoutMs: 10_000, maxBytes: 1e6 })
})
afterAll(() => void server.close())

test('bodies that are held never change, whatever is freed and answered beside them', async () => {
  for (let round = 0; round < 5; round++) {
    const texts = ['a', 'bc', 'def', 'ghij', 'k', 'l'].map((text) => `${text}${round}`)
    const answers = await Promise.all(texts.map((text) => endpoint.post(text, SIGNAL)))
    for (const [index, answer] of answers.entries()) if (index % 2 === 0) answer.free()
    const others = await Promise.all(texts.map((text) => endpoint.post(`${text}!`, SIGNAL)))
    for (const [index, text] of texts.entries()) {
      if (index % 2 === 1) expect(answers[index]?.body.toString()).toBe(text.repeat(20_000))
      expect(others[index]?.body.toString()).toBe(`${text}!`.repeat(20_000))
    }
    for (const answer of others) answer.free()
  }
})

test('memory is used again, grows with its body, and little of it is kept', () => {
  const memory = new BodyMemory()
  const first = memory.take(10)
  first.add(Buffer.alloc(100_000, 1))
  expect(first.bytes()).toEqual(Buffer.alloc(100_000, 1))
  const held = first.memory
  memory.give(first)
  const again = memory.take(10)
  expect(again.memory).toBe(held)
  expect(again.bytes()).toHaveLength(0)
  const large = memory.take(20 * 1024 * 1024)
  memory.give(large)
  expect(memory.take(10).memory).not.toBe(large.memory)
  const many = Array.from({ length: 6 }, () => memory.take(10))
  for (const one of many) memory.give(one)
  const known = new Set(many.map((one) => one.memory))
  const taken = Array.from({ length: 6 }, () => memory.take(10))
  expect(taken.filter((one) => known.has(one.memory))).toHaveLength(4)
})
