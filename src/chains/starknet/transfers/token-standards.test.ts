import { describe, expect, test } from 'vitest'
import type { Sample, TokenNature } from '../state/token-nature.ts'
import { parseAddress, ZERO_ADDRESS } from '../words/felt.ts'
import type { DecodedBlock, LocatedEvent } from './decode-block.ts'
import type { EventLayout } from './decode-event.ts'
import { TokenStandards } from './token-standards.ts'

const SIGNAL = new AbortController().signal
const canonical = (text: string): string => parseAddress(text) ?? ''
const [T, A, B] = [canonical('0x7'), canonical('0xa'), canonical('0xb')]

function block(number: number, events: readonly LocatedEvent[], upgraded: readonly string[] = []): DecodedBlock {
  const header = {
    number,
    hash: `0x${number}`,
    parentHash: `0x${number - 1}`,
    timestamp: number,
    eventCount: undefined,
    eventCommitment: undefined,
    transactions: undefined,
  }
  return { header, events, upgraded }
}

function moved(value: bigint, layout: EventLayout = 'data', from = A): LocatedEvent {
  return { kind: 'transfer', layout, token: T, from, to: B, value, position: Number(value), transactionHash: '0x1' }
}

/** Answers in turn, and records what was asked. */
function standards(...answers: readonly TokenNature[]) {
  const asked: { samples: readonly Sample[]; at: number }[] = []
  let now = 0
  const known = new TokenStandards(
    async (samples, { number }) => {
      asked.push({ samples, at: number })
      return samples.map(() => answers[asked.length - 1] ?? 'undecided')
    },
    () => now,
  )
  const pass = (ms: number): void => {
    now += ms
  }
  return { known, asked, pass }
}

const standardsOf = (blocks: Awaited<ReturnType<TokenStandards['transfersOf']>>): readonly string[] =>
  blocks.flatMap(({ transfers }) => transfers.map(({ asset, item, amount }) => `${asset.standard} ${item}/${amount}`))

describe('the standard of a contract', () => {
  test('is asked once, at the last of the blocks, with some of its numbers', async () => {
    const { known, asked } = standards('units')
    const first = await known.transfersOf([block(1, [moved(5n), moved(6n)]), block(2, [moved(7n), moved(8n)])], SIGNAL)
    const second = await known.transfersOf([block(3, [moved(9n)])], SIGNAL)
    expect(standardsOf([...first, ...second])).toEqual(['erc20 /5', 'erc20 /6', 'erc20 /7', 'erc20 /8', 'erc20 /9'])
    expect(asked).toEqual([{ samples: [{ contract: T, numbers: [5n, 6n, 7n] }], at: 2 }])
  })

  test('of items makes each number an id', async () => {
    const { known } = standards('items')
    const [only] = await known.transfersOf([block(1, [moved(5n, 'keys', ZERO_ADDRESS)])], SIGNAL)
    expect(only).toEqual({
      number: 1,
      hash: '0x1',
      parentHash: '0x0',
      timestamp: 1,
      transfers: [
        {
          event: 5,
          part: 0,
          asset: { standard: 'erc721', reference: T },
          from: undefined,
          to: B,
          item: '5',
          amount: 1n,
          transactionHash: '0x1',
        },
      ],
    })
  })

  test('is asked again after an upgrade, and after a change of layout', async () => {
    const { known, asked } = standards('units', 'items', 'units')
    const first = await known.transfersOf([block(1, [moved(5n)])], SIGNAL)
    const second = await known.transfersOf([block(2, [moved(6n)], [T])], SIGNAL)
    const third = await known.transfersOf([block(3, [moved(7n, 'keys')])], SIGNAL)
    const fourth = await known.transfersOf([block(4, [moved(8n, 'keys')])], SIGNAL)
    expect(standardsOf([...first, ...second, ...third, ...fourth])).toEqual([
      'erc20 /5',
      'erc721 6/1',
      'erc20 /7',
      'erc20 /8',
    ])
    expect(asked).toHaveLength(3)
  })

  test('that is undecided gives hints that its events are not its balances, and is asked again later', async () => {
    const { known, asked, pass } = standards('undecided', 'items')
    const events = [moved(5n), moved(6n, 'data', ZERO_ADDRESS), moved(7n, 'all_keys')]
    const [only] = await known.transfersOf([block(1, events)], SIGNAL)
    expect(standardsOf(only === undefined ? [] : [only])).toEqual(['erc20 /5', 'erc20 /6', 'erc721 7/1'])
    expect(only?.hints?.map(({ account, reason, asset, item }) => [account, reason, asset.standard, item])).toEqual([
      [A, 'undecodable', 'erc20', undefined],
      [B, 'undecodable', 'erc20', undefined],
      [A, 'undecodable', 'erc721', '5'],
      [B, 'undecodable', 'erc721', '5'],
      [B, 'undecodable', 'erc721', '6'],
      [A, 'undecodable', 'erc721', '7'],
      [B, 'undecodable', 'erc721', '7'],
    ])
    await known.transfersOf([block(2, [moved(8n, 'all_keys')])], SIGNAL)
    expect(asked).toHaveLength(1)
    pass(10 * 60_000)
    expect(standardsOf(await known.transfersOf([block(3, [moved(9n, 'all_keys')])], SIGNAL))).toEqual(['erc721 9/1'])
  })

  test('that is decided late is also that of earlier blocks, which are read again', async () => {
    const { known, pass } = standards('undecided', 'items')
    const early = block(1, [moved(5n)])
    expect(standardsOf(await known.transfersOf([early], SIGNAL))).toEqual(['erc20 /5'])
    pass(10 * 60_000)
    await known.transfersOf([block(9, [moved(9n)])], SIGNAL)
    const [again] = await known.transfersOf([early], SIGNAL)
    expect([again?.hints, again?.transfers.map(({ item }) => item)]).toEqual([undefined, ['5']])
  })

  test('is asked again once too many are remembered', async () => {
    const { known } = standards('items', 'items', 'items', 'items')
    await known.transfersOf([block(1, [moved(5n)])], SIGNAL)
    const others = Array.from({ length: 100_001 }, (_, at) => ({
      ...moved(6n),
      token: canonical(`0x${(at + 16).toString(16)}`),
    }))
    await known.transfersOf([block(2, others)], SIGNAL)
    const events = [moved(7n), { ...moved(8n), token: canonical('0xf') }]
    expect(standardsOf(await known.transfersOf([block(3, events)], SIGNAL))).toEqual(['erc721 7/1', 'erc721 8/1'])
  })

  test('is not lost while another call asks', async () => {
    const answers: (() => void)[] = []
    const known = new TokenStandards(
      (samples) => new Promise((resolve) => answers.push(() => resolve(samples.map(() => 'items')))),
      () => 0,
    )
    const answer = (): void => {
      for (const one of answers.splice(0)) one()
    }
    const first = known.transfersOf([block(1, [moved(5n)])], SIGNAL)
    answer()
    await first
    const waiting = known.transfersOf([block(2, [moved(6n), { ...moved(7n), token: canonical('0xf') }])], SIGNAL)
    const upgraded = known.transfersOf([block(3, [moved(8n)], [T])], SIGNAL)
    answer()
    expect(standardsOf([...(await waiting), ...(await upgraded)])).toEqual(['erc721 6/1', 'erc721 7/1', 'erc721 8/1'])
  })

  test('of ERC-1155 needs no question', async () => {
    const { known, asked } = standards()
    const moves = [
      { item: 2n ** 200n, amount: 3n },
      { item: 1n, amount: 0n },
    ]
    const event: LocatedEvent = {
      kind: 'moves',
      layout: 'keys',
      token: T,
      from: A,
      to: ZERO_ADDRESS,
      moves,
      position: 4,
      transactionHash: '0x1',
    }
    const [only] = await known.transfersOf([block(1, [event])], SIGNAL)
    expect(only?.transfers.map(({ event, part, to, item }) => [event, part, to, item])).toEqual([
      [4, 0, undefined, (2n ** 200n).toString()],
      [4, 1, undefined, '1'],
    ])
    expect([only?.hints, asked]).toEqual([undefined, []])
  })
})
