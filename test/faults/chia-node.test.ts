import { expect, test } from 'vitest'
import { hasSimulator } from '../../src/demo/chia/sdk.ts'
import { Draw } from '../../src/demo/draw.ts'
import { startTestWorld } from '../chia/node/start.ts'
import type { Reply } from '../nodes/scripted-node.ts'
import { Branches } from './chia/branches.ts'
import { FaultyChiaNode } from './chia/faulty-node.ts'
import { Moody, SOUND } from './moods.ts'

const BLOCKS = 12
const MARKET = { cats: [{ issuer: 1 }], traders: 3 }
const MOODS = { sound: SOUND, lagging: { ...SOUND, name: 'lagging', faults: ['lagging'] as const } }

/** The text of a reply. */
function textOf(reply: Reply): string {
  if (typeof reply === 'string' || !('text' in reply)) throw new Error(`no text: ${JSON.stringify(reply)}`)
  return reply.text
}

test.skipIf(!hasSimulator())(
  'a node that lags says so where it names a block, and its coins are of its head',
  async () => {
    const world = await startTestWorld({ seed: 4 })
    try {
      await world.call('tradeFor', BLOCKS, MARKET)
      const wallets = await Promise.all([1, 2, 3].map((nth) => world.call('wallet', nth)))
      const owners = wallets.map(({ puzzleHash }) => puzzleHash)
      const branches = new Branches()
      const blocks = await world.call('recordedFrom', 0, { owners, tokens: [] })
      for (const block of blocks) branches.add(block)
      const node = new FaultyChiaNode(branches, new Draw(1))
      const [head] = blocks.slice(-1)
      if (head === undefined) throw new Error('the chain has blocks')
      node.show(head)
      const ask = (mood: keyof typeof MOODS, path: string, request: object): string => {
        const moody = new Moody(new Draw(2))
        moody.mood = MOODS[mood]
        return textOf(node.reply(path, JSON.stringify(request), { moody, isRight: true }))
      }
      const state = (mood: keyof typeof MOODS): string => ask(mood, '/get_blockchain_state', {})
      expect(state('sound')).toContain(`"height":${head.block.number}`)
      expect(state('lagging')).not.toEqual(state('sound'))
      // No answer about coins names a block, so nobody could notice that the coins are of an earlier one.
      for (const include_spent_coins of [true, false]) {
        const request = { puzzle_hashes: owners.map((owner) => `0x${owner}`), include_spent_coins }
        const [sound, lagging] = (['sound', 'lagging'] as const).map((mood) =>
          ask(mood, '/get_coin_records_by_puzzle_hashes', request),
        )
        expect(JSON.parse(sound ?? '').coin_records.length).toBeGreaterThan(0)
        expect(lagging).toEqual(sound)
      }
    } finally {
      await world.stop()
    }
  },
  60_000,
)
