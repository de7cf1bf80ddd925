import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isServiceError } from '../core/errors.ts'
import { canonicalText, exactText, type Json, JsonNumber, parseJson } from './exact-json.ts'

const read = (text: string): Json => parseJson(Buffer.from(text))

/** Returns the value that JSON.parse would return: floats and plain objects. */
function plain(value: Json): unknown {
  if (value instanceof JsonNumber) return Number(value.text)
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, item]): [string, unknown] => [key, plain(item)]))
  }
  return Array.isArray(value) ? value.map(plain) : value
}

function refusal(text: string | Uint8Array): string {
  try {
    parseJson(typeof text === 'string' ? Buffer.from(text) : text)
  } catch (error) {
    if (isServiceError(error, 'BODY_NOT_JSON')) return error.message
    throw error
  }
  return 'accepted'
}

/** True if JSON.parse accepts the text. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test('reads the output of JSON.stringify, with any white space', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t', '\n\r \t'), (value, space) => {
      const text = JSON.stringify(value, undefined, space)
      expect(plain(read(text))).toEqual(JSON.parse(text))
    }),
  )
})

test('accepts exactly what JSON.parse accepts', () => {
  const piece = fc.constantFrom(
    ...['{', '}', '[', ']', ',', ':', '"', '"a"', '"b"', '\\', '\\"', '"\\u00e9"', '"\\x"', '"\n"', ' ', '\u00a0'],
    ...['0', '1', '-', '.', 'e', '+', '1e2', '01', '-0', '0.5', '.5', '1.', 'true', 'null', 'nul', 'NaN', '/**/', "'"],
  )
  const texts = fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(texts, (text) => {
      const says = refusal(text)
      fc.pre(says !== 'Body has a key twice')
      expect(says).toBe(isJson(text) ? 'accepted' : 'Body is not valid JSON')
    }),
    { numRuns: 5_000 },
  )
})

describe('values that a float would change', () => {
  test.each(['9007199254740993', '9007199254740992.5', '1.00000000000000000001', '1e400', '-0', '1E+2', '0.10'])(
    '%s keeps its digits',
    (text) => {
      expect(read(`{"amount":${text}}`)).toEqual(new Map([['amount', new JsonNumber(text)]]))
    },
  )
})

test('prototype keys are normal keys', () => {
  const value = read('{"__proto__":{"x":1},"constructor":null,"toString":""}')
  expect(value).toEqual(
    new Map<string, Json>([
      ['__proto__', new Map([['x', new JsonNumber('1')]])],
      ['constructor', null],
      ['toString', ''],
    ]),
  )
})

describe('rejected bodies', () => {
  test.each([
    ['', 'Body is not valid JSON'],
    ['{"a":1,"a":1}', 'Body has a key twice'],
    ['{"a":1,"\\u0061":2}', 'Body has a key twice'],
    ['[{"b":{"c":1,"c":1}}]', 'Body has a key twice'],
    [`${'['.repeat(33)}${']'.repeat(33)}`, 'Body is nested too deeply'],
    ['['.repeat(200_000), 'Body is nested too deeply'],
    ['{"a":'.repeat(50_000), 'Body is nested too deeply'],
    ['"\u0000"', 'Body is not valid JSON'],
    ['{} {}', 'Body is not valid JSON'],
    ['"a', 'Body is not valid JSON'],
    ['"a\\', 'Body is not valid JSON'],
  ])('%.30j: %s', (text, says) => {
    expect(refusal(text)).toBe(says)
  })

  test('bytes that are not UTF-8: their meaning is unknown', () => {
    for (const bytes of [[0x22, 0xff, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0xc3]]) {
      expect(refusal(Uint8Array.from(bytes))).toBe('Body is not valid JSON')
    }
  })

  test('reads 32 levels and a string of a quarter of a million characters', () => {
    expect(refusal(`${'['.repeat(32)}${']'.repeat(32)}`)).toBe('accepted')
    expect(read(JSON.stringify('\\"é'.repeat(60_000)))).toBe('\\"é'.repeat(60_000))
  })
})

test('the same content has the same text, other content has another', () => {
  expect(canonicalText(read(' { "b" : [1, true, null], "a" : {"d":"\\u0041","c":1e2} } '))).toBe(
    '{"a":{"c":1e2,"d":"A"},"b":[1,true,null]}',
  )
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalText(read(JSON.stringify(value)))
      expect(canonicalText(read(text))).toBe(text)
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('a value is written again as it was, without white space', () => {
  const text = '{ "b": [1.50, -0, 1e400, "a\\u0000\\ud83d\\ude00"], "a": { "z": null, "y": true }, "__proto__": {} }'
  expect(exactText(parseJson(Buffer.from(text)))).toBe(
    '{"b":[1.50,-0,1e400,"a\\u0000😀"],"a":{"z":null,"y":true},"__proto__":{}}',
  )
})
