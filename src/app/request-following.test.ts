import { setImmediate as nextTick } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type ChainId, parseChainId } from '../core/chain.ts'
import { ServiceError } from '../core/errors.ts'
import type { FollowRequests } from '../store/seam/followed.ts'
import { createLog } from './log.ts'
import { requestFollowing } from './request-following.ts'

const id = parseChainId('eip155:1') as ChainId
const scope = { type: 'accounts', accounts: ['0xc0ffee'] } as const

/** A log whose lines are added to `state.log`. */
function logInto(state: { log: string }) {
  const write = (line: string): void => {
    state.log += line
  }
  return createLog({ level: 'warn', sink: { write, terminal: false } })
}

/** Requests of a store with a place for two. `written`: each transaction. */
function setUp(followedMax = 3) {
  const written: (readonly string[])[] = []
  const state = { stored: new Set<string>(), fails: false, now: 1_000, log: '' }
  const requests: FollowRequests = {
    add: async ({ accounts, max }) => {
      written.push(accounts)
      if (state.fails) throw new ServiceError('STORE_FULL', 'no room')
      for (const account of accounts) if (state.stored.size < max) state.stored.add(account)
      return accounts.filter((account) => state.stored.has(account)).length
    },
    remove: async () => 0,
    list: async () => [],
  }
  const log = logInto(state)
  const follow = requestFollowing({ chain: { id, scope, followedMax }, requests, log, now: () => state.now })
  return { follow, written, state }
}

test('requests of one tick are one transaction, and are not repeated for a minute', async () => {
  const { follow, written, state } = setUp()
  for (const account of ['a', 'b', 'a', '0xc0ffee']) follow(account)
  await nextTick()
  follow('a')
  state.now += 59
  follow('b')
  await nextTick()
  expect(written).toEqual([['a', 'b']])
  state.now += 1
  follow('b')
  await nextTick()
  expect([written.at(-1), state.log]).toEqual([['b'], ''])
})

test('above the limit nothing more is followed, which is said once', async () => {
  const { follow, written, state } = setUp()
  for (const account of ['a', 'b', 'c', 'd']) {
    follow(account)
    await nextTick()
  }
  expect([...state.stored]).toEqual(['a', 'b'])
  expect(written).toEqual([['a'], ['b'], ['c']])
  state.now += 10
  follow('d')
  await nextTick()
  expect(written.at(-1)).toEqual(['d'])
  expect(state.log.match(/no more accounts are followed/g)).toHaveLength(1)
})

test('what cannot be written is tried again with the next question', async () => {
  const { follow, written, state } = setUp()
  state.fails = true
  follow('a')
  await nextTick()
  state.fails = false
  follow('a')
  await nextTick()
  expect([written, [...state.stored]]).toEqual([[['a'], ['a']], ['a']])
  expect(state.log).toContain('cannot be requested')
})

test('a chain that does not follow accounts requests nothing', async () => {
  const { state } = setUp()
  const requests = { add: () => Promise.reject(new Error('never')), remove: async () => 0, list: async () => [] }
  const log = logInto(state)
  const chain = { id, scope: { type: 'all' }, followedMax: undefined } as const
  requestFollowing({ chain, requests, log, now: () => 0 })('a')
  await nextTick()
  expect(state.log).toBe('')
})
