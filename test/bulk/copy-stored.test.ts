/** The raw log that is copied from what is stored, against the blocks that were appended. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { copyToLog } from '../../src/bulk/load/copy-stored.ts'
import { RawLogReader } from '../../src/bulk/raw-log/raw-log-reader.ts'
import { RawLogWriter } from '../../src/bulk/raw-log/raw-log-writer.ts'
import { ZERO_ADDRESS } from '../../src/chains/evm/words/hex.ts'
import { type AccountCodec, HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { Header } from '../../src/core/block.ts'
import type { BlockTransfers, Hint } from '../../src/core/transfer.ts'
import { ACCOUNTS, ASSETS, hashOf, type Movement, makeBlock } from '../store/chains.ts'
import { inFolder, withJournal } from './built-file.ts'

const CODEC: AccountCodec = { ...HEX_ACCOUNTS, zeroAddress: ZERO_ADDRESS }
const [ALICE = '', BOB = ''] = ACCOUNTS
const [COIN, OTHER, NFT, MULTI] = ASSETS

const movement = (asset: Movement['asset'], from?: string, to?: string): Movement => ({
  ...{ asset, from, to },
  ...{ amount: 7n, item: 3 },
})
const hintOf = (asset: Hint['asset'], account: string, reason: Hint['reason']): Hint => ({ asset, account, reason })

/** What is appended: movements and hints by block. */
const CONTENTS: readonly (readonly [Movement[], Hint[]])[] = [
  [[movement(COIN, undefined, ALICE), movement(NFT, ALICE, BOB)], []],
  // A block with hints only, of a token and of a contract that no transfer shows to be one.
  [[], [hintOf(COIN, BOB, 'moved'), hintOf(OTHER, ALICE, 'moved')]],
  // The pair was hinted at before; now by an event that cannot be decoded.
  [[movement(MULTI, ALICE, undefined)], [hintOf(COIN, BOB, 'undecodable')]],
  // The zero address: nothing of it is stored but the class and the first block of the token.
  [[], [hintOf({ standard: 'erc20', reference: `0x${'e'.repeat(40)}` }, ZERO_ADDRESS, 'undecodable')]],
  [[], [{ ...hintOf(MULTI, ALICE, 'moved'), item: '9' }]],
  [[], []],
]

const blocks = CONTENTS.map(([movements, hints], index): BlockTransfers & Header => {
  const [number, parentHash] = [5 + index, hashOf(0, 4 + index)]
  const header = { number, hash: hashOf(0, number), parentHash, timestamp: number * 12 }
  return { ...makeBlock(movements, header), parentHash, hints }
})

/** What a copy has of the blocks: a hint that names an item is two, and blocks without anything are left out. */
const COPIED = blocks.flatMap(({ number, transfers, hints = [] }) => {
  const noted = hints.flatMap(({ item, ...hint }) => (item === undefined ? [hint] : [hint, { ...hint, item }]))
  return transfers.length + noted.length === 0 ? [] : [{ number, transfers, hints: noted }]
})

test.each([1, 1_000_000])('a copy has all that is stored, in parts of %i bytes', async (partBytes) => {
  await inFolder(async (folder) => {
    await withJournal(folder, { coverage: { scope: { type: 'all' }, from: 0 }, codec: CODEC }, async (journal) => {
      const through = blocks.at(-1) as BlockTransfers & Header
      await journal.append({ first: 0, through, blocks, headers: [] })
      const stored = await journal.bulk?.open()
      if (stored === undefined) throw new Error('a chain is stored')
      const log = join(folder, 'log')
      const writer = new RawLogWriter({ folder: log, origin: 'test', codec: CODEC })
      const [reached, { signal }] = [[] as number[], new AbortController()]
      const onCopied = (block: number): void => void reached.push(block)
      await copyToLog({ stored, writer, now: () => 0, signal, partBytes, onCopied })
      await stored.close()
      await writer.close()
      const read = [...new RawLogReader(log, writer.mark).blocks(CODEC)]
      expect(read.map(({ number, transfers, hints = [] }) => ({ number, transfers, hints }))).toEqual(COPIED)
      // The hash of a block is kept if it has transfers.
      for (const { number, hash, timestamp, transfers } of read) {
        if (transfers.length > 0) expect([hash, timestamp]).toEqual([hashOf(0, number), number * 12])
      }
      const { hash, number } = through
      expect(writer.mark).toMatchObject({ through: { hash, number }, transfers: 3, known: 4 })
      expect(reached).toEqual(partBytes === 1 ? [5, 6, 7, 8] : [])
    })
  })
})
