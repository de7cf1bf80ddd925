import { describe, expect, test } from 'vitest'
import type { AssetRef } from '../core/asset.ts'
import type { BalanceKey } from '../core/balance.ts'
import { ServiceError } from '../core/errors.ts'
import { inParts } from './read-in-parts.ts'

const SIGNAL = new AbortController().signal
const tokens = Array.from({ length: 100 }, (_, index): AssetRef => {
  return { standard: 'erc20', reference: `0x${index.toString(16).padStart(40, '0')}` }
})
const keyOf = (asset: AssetRef, account = '0x1'): BalanceKey => ({ account, asset, item: '' })

/** Work that fails if its keys include one of these tokens. `done`: the keys for which it succeeded. */
function failingOn(bad: readonly (AssetRef | undefined)[]) {
  const done: BalanceKey[] = []
  const work = async (keys: readonly BalanceKey[]): Promise<void> => {
    if (keys.some(({ asset }) => bad.includes(asset))) throw new ServiceError('NODE_TIMEOUT', 'hangs')
    done.push(...keys)
  }
  return { done, work }
}

describe('work for many tokens', () => {
  test('is done at once if nothing fails, each key once', async () => {
    const { done, work } = failingOn([])
    const keys = [...tokens, ...tokens].map((asset) => keyOf(asset))
    expect(await inParts({ keys, work }, SIGNAL)).toEqual({ error: undefined, failed: [], culprits: [] })
    expect(done).toHaveLength(tokens.length)
  })

  test('is done for all tokens but the one that fails', async () => {
    const { done, work } = failingOn([tokens[37]])
    const keys = tokens.flatMap((asset) => [keyOf(asset), keyOf(asset, '0x2')])
    const { error, failed, culprits } = await inParts({ keys, work }, SIGNAL)
    expect([error, culprits, failed.length]).toEqual([undefined, [tokens[37]], 2])
    expect(done).toHaveLength(198)
  })

  test('finds some of many failing tokens, and does not try forever', async () => {
    const { done, work } = failingOn(tokens.filter((_, index) => index % 5 === 0))
    const { culprits, failed } = await inParts({ keys: tokens.map((asset) => keyOf(asset)), work }, SIGNAL)
    expect(culprits.length).toBeGreaterThan(0)
    expect(done.length + failed.length).toBe(tokens.length)
  })

  test('blames no token if the node answers nothing', async () => {
    const { work } = failingOn(tokens)
    const { error, failed, culprits } = await inParts({ keys: tokens.map((asset) => keyOf(asset)), work }, SIGNAL)
    expect([error?.code, failed.length, culprits]).toEqual(['NODE_TIMEOUT', tokens.length, []])
  })
})
