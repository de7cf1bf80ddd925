import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PackedBlocks } from '../../../bulk/raw-log/packed-blocks.ts'
import { unpacked } from '../../../bulk/raw-log/unpack.ts'
import { HEX_ACCOUNTS } from '../../../core/account.ts'
import type { BlockTransfers } from '../../../core/transfer.ts'
import { CoolDowns } from '../../nodes/cool-downs.ts'
import type { TokenNature } from '../state/token-nature.ts'
import type { TimedBlock } from '../transfers/add-times.ts'
import { type DecodedBlock, decodeRange } from '../transfers/decode-range.ts'
import { withHints } from '../transfers/notes.ts'
import { blockOf } from '../transfers/read-transfers.ts'
import { TokenStandards } from '../transfers/token-standards.ts'
import { type Log, log, numbered, RANGE, wrapping } from './logs.fixture.ts'
import { packBlocks } from './pack-blocks.ts'
import { scanLogs } from './scan-logs.ts'
import { ScanMemory } from './scan-memory.ts'
import { ScannedBlock } from './scanned-block.ts'

const SIGNAL = new AbortController().signal
const ONE = `0x${'d4'.repeat(20)}`

/** What the two contracts say that they are. */
type Natures = Readonly<Record<'one' | 'other', TokenNature | undefined>>
const nature = fc.constantFrom<TokenNature | undefined>('units', 'units', 'items', 'as_laid', undefined)
const natures = fc.record({ one: nature, other: nature })

function standardsOf(natures: Natures): TokenStandards {
  return new TokenStandards(
    async (samples) => samples.map(({ contract }) => (contract === ONE ? natures.one : natures.other)),
    new CoolDowns(() => 0),
  )
}

function timed(blocks: readonly DecodedBlock[]): readonly TimedBlock[] {
  return blocks.map((block) => ({ block, header: undefined, isRead: false }))
}

async function ordinary(logs: readonly Log[], standards: TokenStandards): Promise<readonly BlockTransfers[]> {
  const blocks = timed(decodeRange([logs], RANGE).blocks).map(blockOf)
  const assigned = await standards.assignStandards(blocks, { isOld: true }, SIGNAL)
  return assigned.map(withHints).filter(({ transfers, hints }) => transfers.length > 0 || hints !== undefined)
}

async function packed(logs: readonly Log[], standards: TokenStandards) {
  const scan = scanLogs(Buffer.from(JSON.stringify(logs)), 0, {
    ...RANGE,
    dropsOthers: false,
    memory: new ScanMemory(),
  })
  const blocks = scan?.value.decoded.blocks ?? []
  const into = new PackedBlocks()
  await packBlocks(timed(blocks), { standards, into, signal: SIGNAL })
  return { into, blocks: unpacked(into, HEX_ACCOUNTS), scanned: blocks.filter((one) => one instanceof ScannedBlock) }
}

/** Deposits and withdrawals beside transfers, so that some are explained by them. */
const wrapped = fc.tuple(wrapping, log).map(([{ topics, data }, one]): Log => ({ ...one, topics, data }))
const answer = fc.array(fc.oneof(log, wrapped), { maxLength: 10 }).map(numbered)

test('scanned blocks become the transfers and hints of the ordinary path, whatever the contracts say', async () => {
  let hints = 0
  await fc.assert(
    fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 4 }), natures, async (answers, kinds) => {
      // What one answer teaches counts for the next.
      const [a, b] = [standardsOf(kinds), standardsOf(kinds)]
      for (const logs of answers) {
        const expected = await ordinary(logs, a)
        expect((await packed(logs, b)).blocks).toEqual(expected)
        hints += expected.flatMap((block) => block.hints ?? []).length
      }
    }),
    { numRuns: 1500 },
  )
  expect(hints).toBeGreaterThan(1000)
})

test('the dictionary lists assets in the order of their first appearance, hints after the transfers of their block', async () => {
  await fc.assert(
    fc.asyncProperty(answer, natures, async (logs, kinds) => {
      const { into, blocks } = await packed(logs, standardsOf(kinds))
      const met = blocks.flatMap(({ transfers, hints = [] }) => [...transfers, ...hints].map(({ asset }) => asset))
      const names = [...new Set(met.map(({ standard, reference }) => `${standard} ${reference}`))]
      const listed = Array.from({ length: into.assets.count }, (_, index) => into.assets.at(index))
      expect(listed.map(({ standard, reference }) => `${standard} ${reference}`)).toEqual(names)
    }),
    { numRuns: 500 },
  )
})

test('an error adds nothing', async () => {
  const logs = numbered(fc.sample(log, { numRuns: 8, seed: 3 }))
  const scan = scanLogs(Buffer.from(JSON.stringify(logs)), 0, {
    ...RANGE,
    dropsOthers: false,
    memory: new ScanMemory(),
  })
  const into = new PackedBlocks()
  const header = { number: 10, hash: '0x1', parentHash: '0x0', timestamp: 1 }
  const blocks = (scan?.value.decoded.blocks ?? []).map((block) => ({ block, header, isRead: true }))
  const standards = standardsOf({ one: 'units', other: 'units' })
  await expect(packBlocks(blocks, { standards, into, signal: SIGNAL })).rejects.toThrow('different blocks')
  expect([into.length, into.blocks, into.assets.count]).toEqual([0, 0, 0])
})
