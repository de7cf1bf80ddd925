import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HEX_ACCOUNTS, TEXT_ACCOUNTS } from '../../core/account.ts'
import { MAX_AMOUNT } from '../../core/amount.ts'
import type { Header } from '../../core/block.ts'
import { STANDARDS } from '../../core/standards.ts'
import type { BlockTransfers, Transfer } from '../../core/transfer.ts'
import { FRAME } from './frames.ts'
import { openRawLog } from './raw-log-reader.ts'
import { RawLogWriter } from './raw-log-writer.ts'
import { BLOCK, TRANSFER } from './record-layout.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'raw-log-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const ORIGIN = 'eip155:1 all 0'
const write = (codec = HEX_ACCOUNTS): RawLogWriter => new RawLogWriter({ folder, origin: ORIGIN, codec })
const readAll = (codec = HEX_ACCOUNTS): readonly BlockTransfers[] => [
  ...(openRawLog(folder, ORIGIN)?.blocks(codec) ?? []),
]

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((some) => `0x${Buffer.from(some).toString('hex')}`)
const address = fc.oneof(fc.constantFrom(`0x${'11'.repeat(20)}`, `0x${'22'.repeat(20)}`), hex(20))
const reference = fc.oneof(address, fc.constantFrom('60', '0xABC', 'gold:1', '0x1', '0x'))
const asset = fc.record({ standard: fc.constantFrom(...STANDARDS), reference })
const amount = fc.oneof(fc.bigInt({ min: 0n, max: MAX_AMOUNT }), fc.constantFrom(0n, 1n, 255n, 256n, MAX_AMOUNT))
const item = fc.oneof(fc.constant(''), amount.map(String))
const side = fc.option(address, { nil: undefined })
const transfer: fc.Arbitrary<Transfer> = fc.record({
  event: fc.nat(0xffff_ffff),
  part: fc.nat(0xffff_ffff),
  asset,
  from: side,
  to: side,
  item,
  amount,
  transactionHash: fc.oneof(hex(32), fc.constantFrom('0x0', '0x4a3', 'op-1')),
})
const hint = fc
  .record({ asset, account: address, reason: fc.constantFrom('moved' as const, 'undecodable' as const), item })
  .map(({ item: id, ...rest }) => (id === '' ? rest : { ...rest, item: id }))
const block = fc.record({
  gap: fc.integer({ min: 1, max: 1000 }),
  hash: hex(32),
  parentHash: fc.option(hex(32), { nil: undefined }),
  timestamp: fc.nat(Number.MAX_SAFE_INTEGER),
  transfers: fc.array(transfer, { maxLength: 5 }),
  hints: fc.array(hint, { maxLength: 2 }),
})
const chain = fc.array(block, { maxLength: 30 }).map((blocks) => {
  let number = -1
  return blocks.map(({ gap, hints, ...rest }): BlockTransfers => {
    number += gap
    return hints.length === 0 ? { number, ...rest } : { number, ...rest, hints }
  })
})

function headerOf({ number, hash, timestamp }: BlockTransfers): Header {
  return { number, hash, parentHash: hash, timestamp }
}

/** A block with this many plain transfers. */
function plain(number: number, transfers: number): BlockTransfers {
  const word = number.toString(16).padStart(8, '0')
  return {
    number,
    hash: `0x${word.repeat(8)}`,
    parentHash: undefined,
    timestamp: 1000 + number,
    transfers: Array.from({ length: transfers }, (_, event) => ({
      event,
      part: 0,
      asset: { standard: 'erc20', reference: `0x${(event % 7).toString(16).padStart(40, '0')}` },
      from: `0x${word.repeat(5)}`,
      to: `0x${'ab'.repeat(20)}`,
      item: '',
      amount: BigInt(event),
      transactionHash: `0x${'cd'.repeat(32)}`,
    })),
  }
}

test('what is appended in parts, with marks and new writers between them, is read as it was', async () => {
  await fc.assert(
    fc.asyncProperty(chain, fc.array(fc.constantFrom('append', 'mark', 'reopen')), async (blocks, steps) => {
      rmSync(folder, { recursive: true, force: true })
      let writer = write()
      let from = 0
      for (const step of steps) {
        const part = blocks.slice(from, from + 3)
        const last = part.at(-1)
        if (step === 'append' && last !== undefined) {
          writer.append(part, headerOf(last))
          from += part.length
        } else if (step === 'mark') await writer.writeMark(0)
        else if (step === 'reopen') {
          await writer.writeMark(0)
          await writer.close()
          writer = write()
        }
      }
      await writer.writeMark(0)
      await writer.close()
      const kept = blocks.slice(0, from)
      expect(readAll()).toEqual(kept)
      expect(writer.mark).toMatchObject({ blocks: kept.length, transfers: kept.flatMap((one) => one.transfers).length })
    }),
    { numRuns: 60 },
  )
})

test('accounts may be any text', async () => {
  const writer = write(TEXT_ACCOUNTS)
  const [transfers] = [[{ ...plain(1, 1).transfers[0], from: 'treasury', to: 'ünï' }]]
  const one = { ...plain(1, 0), transfers } as BlockTransfers
  writer.append([one], headerOf(one))
  await writer.writeMark(0)
  await writer.close()
  expect(readAll(TEXT_ACCOUNTS)).toEqual([one])
})

test('a log is cut at its mark, and goes on from there', async () => {
  const blocks = [1, 2, 3].map((number) => plain(number, 1000))
  const [a, b, c] = blocks as [BlockTransfers, BlockTransfers, BlockTransfers]
  const writer = write()
  writer.append([a], headerOf(a))
  await writer.writeMark(0)
  writer.append([b], headerOf(b))
  // No mark, no close: as after a kill.
  const again = write()
  expect(again.appended).toEqual({ through: headerOf(a), transfers: 1000 })
  expect(readAll()).toEqual([a])
  again.append([c], headerOf(c))
  await again.writeMark(0)
  await again.close()
  expect(readAll()).toEqual([a, c])
})

test('a reader reads up to its mark while more is appended', async () => {
  const [a, b] = [plain(1, 500), plain(2, 500)]
  const writer = write()
  writer.append([a], headerOf(a))
  await writer.writeMark(0)
  const reader = openRawLog(folder, ORIGIN)
  writer.append([b], headerOf(b))
  await writer.writeMark(0)
  expect([...(reader?.blocks(HEX_ACCOUNTS) ?? [])]).toEqual([a])
  expect([...(openRawLog(folder, ORIGIN)?.blocks(HEX_ACCOUNTS, reader?.mark.bytes) ?? [])]).toEqual([b])
  await writer.close()
})

test('reading can begin at any record, and knows its block', async () => {
  const blocks = [plain(5, 900), plain(9, 1), plain(12, 900)]
  const writer = write()
  writer.append(blocks, headerOf(plain(20, 0)))
  await writer.writeMark(0)
  await writer.close()
  const seen: string[] = []
  const offsets: number[] = []
  const all = openRawLog(folder, ORIGIN)?.records()
  while (all?.next()) {
    offsets.push(all.offset)
    seen.push(`${all.type} ${all.number} ${all.type === TRANSFER ? all.event : '-'}`)
  }
  expect(seen).toEqual(
    blocks.flatMap(({ number, transfers }) => [
      `${BLOCK} ${number} -`,
      ...transfers.map(({ event }) => `${TRANSFER} ${number} ${event}`),
    ]),
  )
  for (const [index, offset] of offsets.entries()) {
    const cursor = openRawLog(folder, ORIGIN)?.records(offset)
    expect(cursor?.next()).toBe(true)
    expect(`${cursor?.type} ${cursor?.number} ${cursor?.type === TRANSFER ? cursor.event : '-'}`).toBe(seen[index])
    cursor?.close()
  }
})

test('a plain transfer of a token takes about a hundred bytes', async () => {
  const writer = write()
  for (let number = 1; number <= 200; number++) writer.append([plain(number, 200)], headerOf(plain(number, 0)))
  const mark = await writer.writeMark(0)
  await writer.close()
  expect(mark.bytes / mark.transfers).toBeLessThan(102)
})

test('damage before the mark is found, and the log begins anew', async () => {
  const blocks = Array.from({ length: 40 }, (_, index) => plain(index, 100))
  const make = async (): Promise<void> => {
    rmSync(folder, { recursive: true, force: true })
    const writer = write()
    writer.append(blocks, headerOf(plain(39, 0)))
    await writer.writeMark(0)
    await writer.close()
  }
  const log = join(folder, 'raw.log')
  await make()
  const bytes = readFileSync(log)
  for (const at of [0, 5, 9, 20, FRAME + 100, 3 * FRAME + 40_000]) {
    const damaged = Buffer.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ 1
    writeFileSync(log, damaged)
    expect(() => readAll()).toThrow('is damaged at byte')
  }
  writeFileSync(log, bytes)
  expect(readAll()).toEqual(blocks)
  truncateSync(log, bytes.length - 1)
  expect(() => readAll()).toThrow('is damaged at byte')
  const writer = write()
  expect(writer.removed).toBe('it is damaged before its mark')
  expect(writer.appended.through).toBeUndefined()
  await writer.close()
  await make()
  const entries = join(folder, 'raw.assets')
  const assets = readFileSync(entries)
  assets[30] = (assets[30] ?? 0) ^ 1
  writeFileSync(entries, assets)
  expect(() => readAll()).toThrow('is damaged')
  expect(write().removed).toBe('it is damaged before its mark')
})

test('bytes behind the mark never count', async () => {
  const one = plain(1, 10)
  const writer = write()
  writer.append([one], headerOf(one))
  await writer.writeMark(0)
  await writer.close()
  appendFileSync(join(folder, 'raw.log'), Buffer.alloc(100, 7))
  writeFileSync(join(folder, 'raw.mark.new'), '{"format"')
  expect(readAll()).toEqual([one])
  await write().close()
  expect(statSync(join(folder, 'raw.log')).size).toBe(FRAME)
})

test('a log of another origin, or with a mark that is not ours, is removed', async () => {
  const one = plain(1, 10)
  const fill = async (): Promise<void> => {
    const writer = write()
    writer.append([one], headerOf(one))
    await writer.writeMark(0)
    await writer.close()
  }
  await fill()
  const other = new RawLogWriter({ folder, origin: 'eip155:1 all 5', codec: HEX_ACCOUNTS })
  expect([other.removed, other.appended.through]).toEqual(['it has no mark of this chain and scope', undefined])
  await other.close()
  for (const text of ['', '{}', 'null', '{"format":"0"}']) {
    rmSync(folder, { recursive: true, force: true })
    await fill()
    writeFileSync(join(folder, 'raw.mark'), text)
    expect(openRawLog(folder, ORIGIN)).toBeUndefined()
    const again = write()
    expect(again.removed).toBe('it has no mark of this chain and scope')
    await again.close()
  }
})

test('a mark is due at once at first, then every two seconds or 64 MiB', async () => {
  const writer = write()
  expect(writer.isMarkDue(0)).toBe(true)
  writer.append([plain(1, 1)], headerOf(plain(1, 0)))
  await writer.writeMark(10_500)
  expect([writer.isMarkDue(12_499), writer.isMarkDue(12_500)]).toEqual([false, true])
  const long = `0x${'ab'.repeat(250)}`
  const transfers = plain(2, 1000).transfers.map((one) => ({ ...one, from: long, to: long, transactionHash: long }))
  for (let number = 2; !writer.isMarkDue(10_600) && number < 100; number++) {
    writer.append([{ ...plain(number, 0), transfers }], headerOf(plain(number, 0)))
  }
  const appended = statSync(join(folder, 'raw.log')).size - FRAME
  expect([appended >= 64 * 1024 * 1024, appended < 65 * 1024 * 1024]).toEqual([true, true])
  await writer.close()
})

test('marks that are written at once end with the newest', async () => {
  const writer = write()
  const marks: Promise<unknown>[] = []
  for (let number = 1; number <= 5; number++) {
    writer.append([plain(number, 3)], headerOf(plain(number, 0)))
    marks.push(writer.writeMark(number))
  }
  await Promise.all(marks)
  expect(readAll()).toHaveLength(5)
  expect(writer.mark.through?.number).toBe(5)
  await writer.close()
})
