import { expect, test } from 'vitest'
import { NodeWarnings } from './node-warnings.ts'

test('warnings about nodes are kept for a day after the last report, each once, and few', () => {
  const warnings = new NodeWarnings()
  warnings.note('waiting', { for: 'room' }, 1)
  warnings.note('refuses batches', { node: 'http://a' }, 1)
  warnings.note('is behind', { node: 'http://a' }, 2)
  warnings.note('refuses batches', { node: 'http://a' }, 3)
  const [behind, refuses] = [
    { node: 'http://a', says: 'is behind', at: 2 },
    { node: 'http://a', says: 'refuses batches', at: 3 },
  ]
  expect(warnings.recent(86_401)).toEqual([behind, refuses])
  expect(warnings.recent(86_402)).toEqual([refuses])
  expect(warnings.recent(86_403)).toEqual([])
  for (let nth = 0; nth < 100; nth++) warnings.note(`${nth}`, { node: 'http://b' }, 4)
  expect(warnings.recent(5).map(({ says }) => says)).toEqual(Array.from({ length: 16 }, (_, at) => `${84 + at}`))
})
