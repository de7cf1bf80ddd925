import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isServiceError } from '../../../core/errors.ts'
import { TRANSFER } from '../transfers/decode-log.ts'
import { type DecodedRange, decodeRange } from '../transfers/decode-range.ts'
import { onlyEvents } from '../transfers/log-filters.ts'
import { batchOf, erc20, erc721, log, numbered, RANGE, single, word, wrapping } from './logs.fixture.ts'
import { scanLogs } from './scan-logs.ts'
import { ScanMemory } from './scan-memory.ts'
import { ScannedBlock } from './scanned-block.ts'

/** What an answer left behind, such as the names of its fields, must not matter for the next. */
const memory = new ScanMemory()

/** A change of one field of one log, as faulty or unusual nodes make them. */
type Change = readonly [field: string, value: unknown]
const change = fc.constantFrom<Change>(
  ['removed', true],
  ['removed', 'true'],
  ['removed', null],
  ['blockTimestamp', undefined],
  ['blockTimestamp', null],
  ['blockTimestamp', '0x65000000'],
  ['blockTimestamp', '0x065000000'],
  ['blockTimestamp', '0x6500000A'],
  ['blockTimestamp', 1694498816],
  ['blockNumber', '0xc'],
  ['blockNumber', '0x000c'],
  ['blockNumber', '0xC'],
  ['blockNumber', 12],
  ['blockNumber', '0x63'],
  ['blockNumber', null],
  ['blockHash', `0x${word('ab99')}`],
  ['blockHash', `0x${word('AB12')}`],
  ['blockHash', '0x12'],
  ['blockHash', null],
  ['transactionHash', `0x${word('F1')}`],
  ['transactionHash', '0x'],
  ['transactionHash', `0x${'g'.repeat(64)}`],
  ['logIndex', undefined],
  ['logIndex', 1],
  ['logIndex', '0x1'],
  ['logIndex', '0x'],
  ['logIndex', '0xffffffffff'],
  ['address', `0x${'D4'.repeat(20)}`],
  ['address', '0xd4'],
  ['address', `0X${'d4'.repeat(20)}`],
  ['address', null],
  ['data', ''],
  ['data', '0x'],
  ['data', '0xzz'],
  ['data', '0x0'],
  ['data', `0x${word('1')}00`],
  ['data', `0x${word('1')}${'"'.repeat(3)}`],
  ['data', `0x${word('1').toUpperCase()}\\`],
  ['data', 'é'.repeat(66)],
  ['data', null],
  ['topics', null],
  ['topics', [TRANSFER.toUpperCase()]],
  ['topics', [TRANSFER, null]],
  ['topics', [TRANSFER, `0x${word('1')}`, '0x']],
  ['topics', [TRANSFER, `0x${word('1')}`, `0x${word('2')}`, `0x${word('3')}`, `0x${word('4')}`]],
  ['topics', { 0: TRANSFER }],
  ['extra', { nested: [1, '}'] }],
  ['extra', [',']],
  ['extra', 'text'],
  ['extra', 1.5e3],
  ['extra', '"]}'],
  ['__proto__x', 0],
)

/** How an answer is written: spaces, order of keys, names with escapes, keys twice. */
const style = fc.record({
  spaces: fc.constantFrom('', ' ', '\n\t', '\r\n  '),
  turn: fc.nat(9),
  escaped: fc.constantFrom('none', 'none', 'none', 'key', 'value'),
  twice: fc.constantFrom(false, false, false, false, true),
})
type Style = { spaces: string; turn: number; escaped: string; twice: boolean }

function write(logs: readonly unknown[], { spaces, turn, escaped, twice }: Style): string {
  const text = (value: unknown, isEscaped: boolean): string => {
    const json = JSON.stringify(value)
    return isEscaped ? json.replace('a', '\\u0061') : json
  }
  const one = (entry: unknown): string => {
    if (typeof entry !== 'object' || entry === null) return JSON.stringify(entry)
    const entries = Object.entries(entry).filter(([, value]) => value !== undefined)
    const turned = [...entries.slice(turn), ...entries.slice(0, turn), ...(twice ? entries.slice(0, 1) : [])]
    const fields = turned.map(
      ([key, value]) => `${text(key, escaped === 'key')}${spaces}:${spaces}${text(value, escaped === 'value')}`,
    )
    return `{${spaces}${fields.join(`${spaces},${spaces}`)}${spaces}}`
  }
  return `[${spaces}${logs.map(one).join(`${spaces},${spaces}`)}${spaces}]`
}

function outcome(work: () => DecodedRange): unknown {
  try {
    const { blocks, skipped, undecoded } = work()
    const plain = blocks.map(({ number: block, hash, timestamp, misnumbered, transfers }) => {
      return { number: block, hash, timestamp, misnumbered, transfers: [...transfers] }
    })
    return { blocks: plain, skipped, undecoded: [...undecoded] }
  } catch (error) {
    return isServiceError(error) ? `${error.code} ${error.message}` : String(error)
  }
}

function ordinary(text: string, dropsOthers: boolean): unknown {
  return outcome(() => {
    const answers: readonly unknown[] = [JSON.parse(text)]
    return decodeRange(onlyEvents(answers, dropsOthers ? 'none' : 'events'), RANGE)
  })
}

/** The outcome of the scanner; undefined if it leaves the answer to the ordinary path. */
function scanned(text: string, dropsOthers: boolean): unknown {
  const bytes = Buffer.from(`{"result":${text},"id":1}`)
  const scan = scanLogs(bytes, 10, { ...RANGE, dropsOthers, memory })
  if (scan === undefined) return undefined
  expect(bytes[scan.end]).toBe(','.charCodeAt(0))
  expect(JSON.parse(text)).toHaveLength(scan.value.count)
  // The text may be used again for the next answer.
  bytes.fill(0)
  const found = outcome(() => scan.value.decoded)
  free(scan.value.decoded)
  return found
}

function free({ blocks }: DecodedRange): void {
  const used = blocks.flatMap((block) => (block instanceof ScannedBlock ? [block.records] : []))
  for (const records of new Set(used)) memory.give(records)
}

/** A value in one of six cases, else undefined. */
function seldom<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value })
}

test('well-formed answers are scanned, whatever the events and the writing, with what the ordinary decoder finds', () => {
  const plainStyle = style.map((one) => ({ ...one, escaped: 'none', twice: false }))
  fc.assert(
    fc.property(fc.array(log, { maxLength: 12 }), plainStyle, fc.boolean(), (logs, how, dropsOthers) => {
      const text = write(numbered(logs), how)
      expect(scanned(text, dropsOthers)).toEqual(ordinary(text, dropsOthers))
    }),
    { numRuns: 2000 },
  )
})

test('an answer of plain transfers stays records', () => {
  const plain = fc.oneof(erc20, erc721, single, batchOf(0), wrapping)
  fc.assert(
    fc.property(fc.array(fc.tuple(plain, log), { minLength: 1, maxLength: 9 }), (entries) => {
      const logs = numbered(entries.map(([{ topics, data }, one]) => ({ ...one, topics, data })))
      const scan = scanLogs(Buffer.from(JSON.stringify(logs)), 0, { ...RANGE, dropsOthers: false, memory })
      expect(scan?.value.decoded.blocks.every((block) => block instanceof ScannedBlock)).toBe(true)
    }),
  )
})

test('mutated answers give the rows of the ordinary decoder, or are left to it', () => {
  const seen = { scanned: 0, left: 0 }
  const mutation = fc.record({
    changes: fc.array(fc.tuple(fc.nat(15), change), { maxLength: 2 }),
    doubled: seldom(fc.nat(11)),
    swapped: seldom(fc.tuple(fc.nat(11), fc.nat(11))),
    stranger: seldom(fc.constantFrom<unknown>(null, 1, 'log', [], {})),
  })
  fc.assert(
    fc.property(
      fc.array(log, { maxLength: 9 }),
      mutation,
      style,
      fc.boolean(),
      (logs, { changes, doubled, swapped, stranger }, how, dropsOthers) => {
        const out: unknown[] = numbered(logs).map((one, index) => {
          const own = changes.filter(([place]) => place === index).map(([, field]) => field)
          return { ...one, ...Object.fromEntries(own) }
        })
        if (swapped !== undefined) {
          const [a = 0, b = 0] = swapped.map((place) => place % Math.max(1, out.length))
          const held = out[a]
          out[a] = out[b]
          out[b] = held
        }
        if (doubled !== undefined && out[doubled] !== undefined) out.splice(doubled, 0, out[doubled])
        if (stranger !== undefined) out.push(stranger)
        const text = write(
          out.filter((one) => one !== undefined),
          how,
        )
        const found = scanned(text, dropsOthers)
        seen[found === undefined ? 'left' : 'scanned']++
        if (found !== undefined) expect(found).toEqual(ordinary(text, dropsOthers))
      },
    ),
    { numRuns: 6000 },
  )
  expect(seen.scanned).toBeGreaterThan(1000)
  expect(seen.left).toBeGreaterThan(1000)
})

test('an answer that is cut or damaged anywhere is never read as another one', () => {
  const sample = fc.sample(log, { numRuns: 6, seed: 7 })
  const text = JSON.stringify(numbered(sample))
  const whole = Buffer.from(text)
  for (let at = 0; at < whole.length; at++) {
    expect(scanLogs(whole.subarray(0, at), 0, { ...RANGE, dropsOthers: false, memory })).toBeUndefined()
  }
  let unread = 0
  for (let at = 0; at < whole.length; at++) {
    for (const byte of ['"', '\\', ' ', '0', 'g', ']', '}', ',', 'é']) {
      const damaged = Buffer.concat([whole.subarray(0, at), Buffer.from(byte), whole.subarray(at + 1)])
      // The names of the fields are known from an answer before.
      const before = scanLogs(whole, 0, { ...RANGE, dropsOthers: false, memory })
      if (before === undefined) unread++
      else free(before.value.decoded)
      const scan = scanLogs(damaged, 0, { ...RANGE, dropsOthers: false, memory })
      if (scan === undefined) continue
      const end = damaged.toString('utf8', 0, scan.end)
      const found = outcome(() => scan.value.decoded)
      const expected = ordinary(end, false)
      // There are thousands of them, and this is quicker.
      if (!isDeepStrictEqual(found, expected)) expect(found).toEqual(expected)
      free(scan.value.decoded)
    }
  }
  expect(unread).toBe(0)
})
