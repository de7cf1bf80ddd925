import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAnswerBytes, parseJsonBytes, type ReadResult } from './parse-answer-bytes.ts'

/** Reads lists of small numbers, as `{"numbers": …}`. */
const readNumbers: ReadResult = (bytes, at) => {
  const found = /^\[(\d(?:,\d)*)\]/.exec(bytes.toString('latin1', at))
  return found === null ? undefined : { value: { numbers: found[1] }, end: at + found[0].length }
}

function read(text: string): unknown {
  return parseAnswerBytes(Buffer.from(text), readNumbers)
}

test('a result that can be read is read, wherever it stands', () => {
  const numbers = { numbers: '1,2' }
  expect(read('{"jsonrpc":"2.0","id":1,"result":[1,2]}')).toEqual({ jsonrpc: '2.0', id: 1, result: numbers })
  expect(read(' { "result" : [1,2] , "id" : 7 } \n')).toEqual({ result: numbers, id: 7 })
  expect(read('[{"id":1,"result":"0x1"},{"id":2,"result":[1,2]},{"id":3,"error":{"code":-1}}]')).toEqual([
    { id: 1, result: '0x1' },
    { id: 2, result: numbers },
    { id: 3, error: { code: -1 } },
  ])
})

test('any other result is parsed', () => {
  expect(read('{"id":1,"result":["a]\\"",{"b":[1,2]}]}')).toEqual({ id: 1, result: ['a]"', { b: [1, 2] }] })
  expect(read('{"id":1,"result":[]}')).toEqual({ id: 1, result: [] })
  expect(read('[1,2]')).toEqual([1, 2])
  expect(read('{"other":[1,2]}')).toEqual({ other: [1, 2] })
  expect(read('{"result":{"result":[1,2]}}')).toEqual({ result: { result: [1, 2] } })
  expect(read('\uFEFF{"result":[1,2]}')).toEqual({ result: [1, 2] })
  expect(read('{"result":[1,2],"result":[3]}')).toEqual({ result: [3] })
  expect(read('"ü"')).toBe('ü')
  expect(read('[]')).toEqual([])
  expect(read('{}')).toEqual({})
})

test('what is not JSON is undefined, also beside a result that can be read', () => {
  const broken = [
    '',
    '{',
    '{"result":[1,2]',
    '{"result":[1,2]}}',
    '{"result":[1,2]},',
    '{"result":[1,2],}',
    '{"result":[1,2] "id":1}',
    '{"result":[1,2],"id":01}',
    '{"result":[1,2],"id":}',
    '{"result":[1,2],"id":tru}',
    '[{"result":[1,2]}',
    '[{"result":[1,2]},]',
    '[{"result":[1,2]};{"id":1}]',
    '{"result" [1,2]}',
    '{result:[1,2]}',
    '{"result":[1,2],"id":"\u0001"}',
  ]
  for (const text of broken) expect(read(text)).toBeUndefined()
})

test('with a reader that reads nothing, any bytes are parsed as without it', () => {
  const value = fc.jsonValue({ maxDepth: 3 })
  const answer = fc.oneof(
    value,
    fc.record({ id: value, result: value }),
    fc.array(fc.record({ id: fc.nat(), result: value, error: value }, { requiredKeys: [] })),
  )
  fc.assert(
    fc.property(answer, fc.nat(), fc.constantFrom('', '"', '}', ']', ',', '\\', ' ', '1', '{'), (some, at, put) => {
      const text = JSON.stringify(some, undefined, at % 3)
      const place = at % (text.length + 1)
      const bytes = Buffer.from(put === '' ? text : text.slice(0, place) + put + text.slice(place + 1))
      expect(parseAnswerBytes(bytes, () => undefined)).toEqual(parseJsonBytes(bytes))
    }),
    { numRuns: 3000 },
  )
})
