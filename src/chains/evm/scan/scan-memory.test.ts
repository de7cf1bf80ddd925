import fc from 'fast-check'
import { expect, test } from 'vitest'
import { log, numbered, RANGE } from './logs.fixture.ts'
import { scanLogs } from './scan-logs.ts'
import { ScanMemory } from './scan-memory.ts'
import { ScannedBlock } from './scanned-block.ts'

test('records that are given back are used again, without what they had, and others are left alone', () => {
  const memory = new ScanMemory()
  const text = JSON.stringify(numbered(fc.sample(log, { numRuns: 40, seed: 5 })))
  const scan = scanLogs(Buffer.from(text), 0, { ...RANGE, dropsOthers: false, memory })
  const block = scan?.value.decoded.blocks.find((one) => one instanceof ScannedBlock)
  const records = block?.records
  expect(records?.assets.count).toBeGreaterThan(0)
  const fresh = memory.take()
  expect(fresh).not.toBe(records)
  if (records !== undefined) memory.give(records)
  memory.give({ assets: fresh.assets, buffer: fresh.buffer })
  const again = memory.take()
  expect(again).toBe(records)
  expect([again.length, again.assets.count]).toEqual([0, 0])
  expect(memory.take()).not.toBe(fresh)
})

test('few records are kept, and no large ones', () => {
  const memory = new ScanMemory()
  const many = Array.from({ length: 20 }, () => memory.take())
  for (const records of many) memory.give(records)
  const known = new Set(many)
  expect(Array.from({ length: 20 }, () => memory.take()).filter((one) => known.has(one))).toHaveLength(8)
  const large = memory.take()
  large.buffer = Buffer.alloc(20 * 1024 * 1024)
  memory.give(large)
  expect(memory.take()).not.toBe(large)
})
