import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBundles } from '../../../../test/chia/bundles.ts'
import { walletSdk } from '../../../../test/chia/wallet-sdk.ts'
import { itemsOf, MAX_BYTES, parseClvm, serialize, type Value } from './clvm.ts'
import { uncurry } from './curry.ts'
import { hexOf, treeHash } from './tree-hash.ts'

const PROGRAMS = readBundles().flatMap(({ spends }) => spends.flatMap(({ reveal, solution }) => [reveal, solution]))

const atom: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(new Uint8Array()),
  fc.uint8Array({ minLength: 1, maxLength: 1 }),
  fc.uint8Array({ maxLength: 70 }),
)
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'large' },
    atom,
    fc.record({ first: tie('value'), rest: tie('value'), hash: fc.constant(undefined) }),
  ),
}))

/** A value as text: a name for each structure, without the hashes that pairs keep. */
function textOf(of: Value): string {
  if (of instanceof Uint8Array) return Buffer.from(of).toString('hex')
  return `(${textOf(of.first)} . ${textOf(of.rest)})`
}

/** Compares bytes; `toEqual` is slow for many. */
const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

const bytesOf = (hex: string): Uint8Array => Buffer.from(hex, 'hex')

describe('serialization', () => {
  test('what is written is read', () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(textOf(parseClvm(serialize(one)))).toBe(textOf(one))
      }),
    )
  })

  test('recorded programs are written as they were', () => {
    expect(PROGRAMS.every((program) => isSame(serialize(parseClvm(program)), program))).toBe(true)
    expect(PROGRAMS.length).toBeGreaterThan(50)
  })

  test.each([0, 1, 63, 64, 8191, 8192, 1_048_575, 1_048_576])('an atom of %i bytes', (length) => {
    const atom = Buffer.alloc(length, 0xab)
    const read = parseClvm(serialize(atom))
    expect(read instanceof Uint8Array && isSame(read, atom)).toBe(true)
  })
})

describe('hostile text', () => {
  test.each([
    ['nothing', ''],
    ['a pair without parts', 'ff'],
    ['a pair without rest', 'ff01'],
    ['more than one value', '0101'],
    ['an atom that is cut', '8301'],
    ['a length that is cut', 'c0'],
    ['an atom of 128 MiB', 'f7ffffff'],
    ['a length of 5 bytes', 'f800000001aa'],
    ['a length of 6 bytes', 'fc0000000001aa'],
    ['a length of 4 GiB', 'fbffffffff'],
    ['a back-reference', 'ff01fe02'],
    ['a back-reference alone', 'fe01'],
  ])('%s', (_, hex) => {
    expect(() => parseClvm(bytesOf(hex))).toThrow(expect.objectContaining({ code: 'NODE_GARBAGE' }))
  })

  test('too many bytes', () => {
    const longest = serialize(Buffer.alloc(MAX_BYTES - 4, 1))
    expect(longest).toHaveLength(MAX_BYTES)
    expect(parseClvm(longest)).toHaveLength(MAX_BYTES - 4)
    expect(() => parseClvm(serialize(Buffer.alloc(MAX_BYTES - 3, 1)))).toThrow('not CLVM')
  })

  test.each([
    ['first parts', Buffer.concat([Buffer.alloc(200_000, 0xff), Buffer.alloc(200_001, 0x80)])],
    ['rests', Buffer.concat([Buffer.from('ff80'.repeat(200_000), 'hex'), Buffer.from('80', 'hex')])],
  ])('200,000 nested %s', (_, bytes) => {
    const nested = parseClvm(bytes)
    expect(isSame(serialize(nested), bytes)).toBe(true)
    expect(treeHash(nested)).toHaveLength(32)
    expect(uncurry(nested)).toBeUndefined()
  })

  test('2 million opened pairs', () => {
    expect(() => parseClvm(Buffer.alloc(MAX_BYTES, 0xff))).toThrow('not CLVM')
  })

  test('any bytes are a value or an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          const parsed = parseClvm(bytes)
          expect(textOf(parseClvm(serialize(parsed)))).toBe(textOf(parsed))
        } catch (error) {
          expect(error).toMatchObject({ code: 'NODE_GARBAGE' })
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('a list that never ends with an empty atom, or is none', () => {
    expect(itemsOf(parseClvm(bytesOf('ff01ff0203')))).toHaveLength(2)
    expect(itemsOf(parseClvm(bytesOf('05')))).toEqual([])
    expect(itemsOf(parseClvm(bytesOf('ff01ff02ff0380')), 2)).toHaveLength(2)
  })
})

describe('currying', () => {
  const quoted = (hex: string): string => `ffff01${hex}`
  const curried = `ff02${quoted('05')}ffff04${quoted('06')}ff018080`

  test('is undone', () => {
    expect(uncurry(parseClvm(bytesOf(curried)))).toEqual({ mod: Uint8Array.of(5), args: [Uint8Array.of(6)] })
  })

  test.each([
    ['an atom', '01'],
    ['another operator', curried.replace('ff02', 'ff03')],
    ['an unquoted puzzle', `ff02ffff0205ffff04${quoted('06')}ff018080`],
    ['an unquoted argument', `ff02${quoted('05')}ffff04ffff0206ff018080`],
    ['another environment', curried.replace('ff018080', 'ff028080')],
    ['one more part', `${curried.slice(0, -2)}ff0180`],
    ['a part less', `ff02${quoted('05')}80`],
    ['a list that ends early', `ff02${quoted('05')}ffff04${quoted('06')}8080`],
  ])('is not found in %s', (_, hex) => {
    expect(uncurry(parseClvm(bytesOf(hex)))).toBeUndefined()
  })

  test('of more arguments than any puzzle has is not looked into', () => {
    const nest = (count: number): string => (count === 0 ? '01' : `ff04${quoted('06')}ff${nest(count - 1)}80`)
    const withArgs = (count: number): Value => parseClvm(bytesOf(`ff02${quoted('05')}ff${nest(count)}80`))
    expect(uncurry(withArgs(8))?.args).toHaveLength(8)
    expect(uncurry(withArgs(9))).toBeUndefined()
  })
})

describe.skipIf(walletSdk === undefined)('the wallet SDK', () => {
  test('gives every value the same tree hash', () => {
    fc.assert(
      fc.property(value, (one) => {
        const clvm = walletSdk && new walletSdk.Clvm()
        const theirs = clvm?.deserialize(Buffer.from(serialize(one))).treeHash()
        expect(hexOf(treeHash(one))).toBe(theirs && Buffer.from(theirs).toString('hex'))
        expect(treeHash(one)).toBe(treeHash(parseClvm(serialize(one))))
      }),
    )
  })
})
