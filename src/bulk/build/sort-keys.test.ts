import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeySorter } from './sort-keys.ts'

const FIXED = 3

/** A record: its length, a key of three bytes and an item that begins with its own length, and a number. */
const record = fc.record({
  fixed: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: FIXED, maxLength: FIXED }),
  item: fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 8 }),
})

test('records come in the order of their keys, equal ones in the order of arrival', () => {
  const sorter = new KeySorter()
  fc.assert(
    fc.property(fc.array(record, { maxLength: 200 }), (records) => {
      const parts = records.map(({ fixed, item }, index) => {
        const key = Buffer.from([...fixed, item.length, ...item])
        return { key, bytes: Buffer.from([0, ...key, 0, 0, 0, index >> 8, index & 0xff]) }
      })
      const buffer = Buffer.concat([...parts.map(({ bytes }) => bytes), Buffer.alloc(8)])
      const order = new Uint32Array(parts.length)
      let at = 0
      for (const [index, { bytes }] of parts.entries()) {
        order[index] = at
        at += bytes.length
      }
      const keyLength = (source: Buffer, position: number): number => FIXED + 1 + (source[position + 1 + FIXED] ?? 0)
      sorter.sort({ buffer, order, head: 1, keyLength }, parts.length)
      const sorted = [...order].map((position) => {
        const end = position + 1 + keyLength(buffer, position)
        return [buffer.toString('hex', position + 1, end), buffer.readUInt16BE(end + 3)]
      })
      const expected = parts
        .map(({ key }, index) => ({ key, index }))
        .sort((a, b) => a.key.compare(b.key) || a.index - b.index)
        .map(({ key, index }) => [key.toString('hex'), index])
      expect(sorted).toEqual(expected)
    }),
    { numRuns: 300 },
  )
})
