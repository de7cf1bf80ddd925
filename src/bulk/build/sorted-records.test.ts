import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecordSorter } from './sorted-records.ts'
import { Spill } from './spill.ts'

const EXTENT = 64
const FORM = { head: 1, keyLength: () => 4, length: (buffer: Buffer, at: number) => buffer[at] ?? 0 }

function sorted(keys: readonly (readonly number[])[], budget: number): { records: string[]; files: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'spill-'))
  try {
    const spill = new Spill(join(folder, 'spill'), { partitions: 4, extentBytes: EXTENT })
    for (const [index, key] of keys.entries()) {
      const at = spill.room((key[0] ?? 0) >> 6, 12)
      Buffer.from([12, ...key, 0, 0, 0, 0, 0, index >> 8, index & 0xff]).copy(spill.buffer, at)
    }
    const records: string[] = []
    new RecordSorter({ budget, extentBytes: EXTENT }).each(spill, FORM, (buffer, at) => {
      records.push(`${buffer.toString('hex', at + 1, at + 5)} ${buffer.readUInt16BE(at + 10)}`)
    })
    spill.remove()
    return { records, files: readdirSync(folder) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const byte = fc.constantFrom(0, 1, 63, 64, 65, 200, 255)

test('records come in order, whether their partition fits the memory or must be split, and no file stays', () => {
  fc.assert(
    fc.property(fc.array(fc.array(byte, { minLength: 4, maxLength: 4 }), { maxLength: 300 }), (keys) => {
      const expected = keys
        .map((key, index) => ({ key: Buffer.from(key), index }))
        .sort((a, b) => a.key.compare(b.key) || a.index - b.index)
        .map(({ key, index }) => `${key.toString('hex')} ${index}`)
      expect(sorted(keys, 1 << 20)).toEqual({ records: expected, files: [] })
      expect(sorted(keys, 1)).toEqual({ records: expected, files: [] })
    }),
    { numRuns: 60 },
  )
})

test('many records of one key are read in order without a sort', () => {
  const keys = Array.from({ length: 5_000 }, () => [7, 7, 7, 7])
  const { records } = sorted(keys, 1)
  expect(records).toEqual(keys.map((_, index) => `07070707 ${index}`))
})
