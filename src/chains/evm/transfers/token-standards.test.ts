/**
 * Tests transfers with a layout that does not tell amounts from items, or two accounts from an account and an amount.
 */
import { describe, expect, test } from 'vitest'
import type { AssetRef } from '../../../core/asset.ts'
import { ServiceError } from '../../../core/errors.ts'
import type { Standard } from '../../../core/standards.ts'
import type { BlockTransfers, Transfer } from '../../../core/transfer.ts'
import { CoolDowns } from '../../nodes/cool-downs.ts'
import type { Sample, TokenNature } from '../state/token-nature.ts'
import { type Note, withHints } from './notes.ts'
import { TokenStandards } from './token-standards.ts'

const SIGNAL = new AbortController().signal
const TOKEN = `0x${'c1'.repeat(20)}`
const ALICE = `0x${'a1'.repeat(20)}`
const BOB = `0x${'b0'.repeat(20)}`
const OLD = { isOld: true }
const HEAD = { isOld: false }

function transfer(standard: Standard, number: bigint, more: Partial<Transfer> = {}): Transfer {
  const asset: AssetRef = { standard, reference: TOKEN }
  const what = standard === 'erc721' ? { item: number.toString(), amount: 1n } : { item: '', amount: number }
  return { event: 0, part: 0, asset, from: ALICE, to: BOB, transactionHash: '0x1', ...what, ...more }
}

/** A transfer of an unusual layout, with its `layout` note. */
function odd(number: bigint): readonly Transfer[] {
  const one = transfer('erc20', number)
  const note: Note = { ...one, part: 1, note: 'layout' }
  return [one, note]
}

function block(...transfers: readonly Transfer[]): BlockTransfers {
  return { number: 1, hash: '0x1', parentHash: undefined, timestamp: 1, transfers }
}

type Says = TokenNature | undefined | ServiceError

/** Token standards for a contract that gives these answers in order, and the samples that were asked. */
function standards(...says: readonly Says[]) {
  const asked: Sample[] = []
  let clock = 0
  const ask = async (samples: readonly Sample[]): Promise<readonly (TokenNature | undefined)[]> => {
    const say = says[Math.min(asked.length, says.length - 1)]
    asked.push(...samples)
    if (say instanceof ServiceError) throw say
    return samples.map(() => say)
  }
  const of = new TokenStandards(ask, new CoolDowns(() => clock))
  const settle = async (transfers: readonly Transfer[], how = OLD) => {
    const [assigned] = await of.assignStandards([block(...transfers)], how, SIGNAL)
    return assigned === undefined ? undefined : withHints(assigned)
  }
  return { asked, settle, later: () => (clock += 3_600_000) }
}

const hint = (account: string, reason: 'undecodable' | 'moved') => ({
  asset: { standard: 'erc20', reference: TOKEN },
  account,
  reason,
})
const BOTH = (reason: 'undecodable' | 'moved') => [hint(ALICE, reason), hint(BOB, reason)]
const FAILS = new ServiceError('NODE_RPC', 'no')

const as = (standard: Standard, number: bigint) => [expect.objectContaining(transfer(standard, number))]

describe('a transfer', () => {
  test.each<[string, readonly Transfer[], Says, readonly unknown[], unknown]>([
    ['laid out as an item, of a contract of units', [transfer('erc721', 7n)], 'units', as('erc20', 7n), undefined],
    ['laid out as an item, of a contract of items', [transfer('erc721', 7n)], 'items', as('erc721', 7n), undefined],
    ['laid out as an item, of an unknown contract', [transfer('erc721', 7n)], undefined, as('erc721', 7n), undefined],
    ['of an odd layout, of a contract of units', odd(7n), 'units', as('erc20', 7n), undefined],
    ['of an odd layout, of a contract of items', odd(7n), 'items', as('erc721', 7n), undefined],
    ['of an odd layout, of a contract that is neither', odd(7n), 'as_laid', as('erc20', 7n), undefined],
    ['of an odd layout, of an unknown contract', odd(7n), undefined, as('erc20', 7n), BOTH('moved')],
    ['laid out as an amount, of a contract of units', [transfer('erc20', 7n)], 'units', as('erc20', 7n), undefined],
    [
      'laid out as an amount, of a contract of items',
      [transfer('erc20', 7n)],
      'items',
      as('erc20', 7n),
      BOTH('undecodable'),
    ],
    [
      'laid out as an amount, of an unknown contract',
      [transfer('erc20', 7n)],
      undefined,
      as('erc20', 7n),
      BOTH('moved'),
    ],
    [
      'laid out as an amount, when no node can be asked',
      [transfer('erc20', 7n)],
      FAILS,
      as('erc20', 7n),
      BOTH('moved'),
    ],
  ])('%s', async (_, transfers, says, expected, hints) => {
    const assigned = await standards(says).settle(transfers)
    expect(assigned?.transfers).toEqual(expected)
    expect(assigned?.hints).toEqual(hints)
  })

  test('that mints or burns gives no hint for the zero address', async () => {
    const mint = transfer('erc20', 7n, { from: undefined })
    expect((await standards(undefined).settle([mint]))?.hints).toEqual([hint(BOB, 'moved')])
  })

  test('of an ERC-1155 asks no node', async () => {
    const { asked, settle } = standards('units')
    expect((await settle([transfer('erc1155', 7n)]))?.hints).toBeUndefined()
    expect(asked).toEqual([])
  })
})

describe('two topics that look like accounts', () => {
  const ACCOUNT = BigInt(`0x${'ca'.repeat(20)}`)

  test.each([
    ['an amount that could be an account', ACCOUNT, [...BOTH('moved'), hint(`0x${'ca'.repeat(20)}`, 'moved')]],
    ['no amount', 0n, BOTH('moved')],
    [
      'the lowest amount that counts as an account',
      2n ** 96n,
      [...BOTH('moved'), hint(`0x${(2n ** 96n).toString(16).padStart(40, '0')}`, 'moved')],
    ],
    ['an amount below accounts', 2n ** 96n - 1n, undefined],
    ['an amount above accounts', 2n ** 160n, undefined],
  ])('and %s', async (_, amount, hints) => {
    expect((await standards('units').settle([transfer('erc20', amount)]))?.hints).toEqual(hints)
  })

  test('are two accounts for good once an amount cannot be an account', async () => {
    const { settle } = standards('units')
    expect((await settle([transfer('erc20', ACCOUNT), transfer('erc20', 5n, { event: 1 })]))?.hints).toBeUndefined()
    expect((await settle([transfer('erc20', ACCOUNT)]))?.hints).toBeUndefined()
  })
})

describe('a contract', () => {
  test('is asked once for each of the two questions, with at most three of its numbers', async () => {
    const { asked, settle } = standards('units')
    const many = [1n, 1n, 2n, 3n, 4n].map((number, event) => transfer('erc20', number, { event }))
    await settle(many)
    await settle(many)
    await settle([transfer('erc721', 9n)])
    await settle([transfer('erc721', 9n)])
    expect(asked).toEqual([
      { contract: TOKEN, numbers: [1n, 2n, 3n], usual: true },
      { contract: TOKEN, numbers: [9n], usual: false },
    ])
  })

  test('that no node could classify is asked again', async () => {
    const { asked, settle } = standards(undefined, 'items')
    expect((await settle([transfer('erc20', 7n)]))?.hints).toEqual(BOTH('moved'))
    expect((await settle([transfer('erc20', 7n)]))?.hints).toEqual(BOTH('undecodable'))
    expect(asked).toHaveLength(2)
  })

  test('that a node at the head may not have yet is asked again, but an answer at an old block counts', async () => {
    const head = standards('as_laid')
    expect((await head.settle([transfer('erc20', 7n)], HEAD))?.hints).toEqual(BOTH('moved'))
    await head.settle([transfer('erc20', 7n)], HEAD)
    expect(head.asked).toHaveLength(2)
    const old = standards('as_laid')
    expect((await old.settle([transfer('erc20', 7n)]))?.hints).toBeUndefined()
    await old.settle([transfer('erc20', 7n)])
    expect(old.asked).toHaveLength(1)
  })

  test('gets a cool-down when the question fails, and its transfers give hints meanwhile', async () => {
    const { asked, settle, later } = standards(FAILS, 'units')
    for (let turn = 0; turn < 3; turn++) expect((await settle([transfer('erc20', 7n)]))?.hints).toEqual(BOTH('moved'))
    expect(asked).toHaveLength(1)
    later()
    expect((await settle([transfer('erc20', 7n)]))?.hints).toBeUndefined()
    expect(asked).toHaveLength(2)
  })

  test('an error that does not come from a node is thrown', async () => {
    const of = new TokenStandards(() => Promise.reject(new TypeError('a mistake')), new CoolDowns(() => 0))
    await expect(of.assignStandards([block(transfer('erc20', 7n))], OLD, SIGNAL)).rejects.toThrow('a mistake')
  })
})
