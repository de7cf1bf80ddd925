import { expect, test } from 'vitest'
import { readLinkedHeaders } from './linked-headers.ts'

const header = (number: number, hash = `0x${number}`, parentHash = `0x${number - 1}`) => {
  return { number, hash, parentHash, timestamp: number * 12 }
}
const range = { first: 3, last: 5 }

test('headers that link come as they were read', async () => {
  const asked: unknown[] = []
  const read = async (numbers: readonly number[]) => {
    asked.push(numbers)
    return numbers.map((number) => header(number))
  }
  expect(await readLinkedHeaders(range, read)).toEqual([header(3), header(4), header(5)])
  expect(await readLinkedHeaders({ first: 3, last: 2 }, read)).toEqual([])
  expect(asked).toEqual([[3, 4, 5], []])
})

test.each([
  ['that do not link', [header(3), header(4, '0xd'), header(5)], 'BLOCK_CONFLICT'],
  ['of other blocks', [header(3), header(5), header(6)], 'NODE_GARBAGE'],
  ['of fewer blocks', [header(3), header(4)], 'NODE_GARBAGE'],
])('headers %s are an error', async (_, headers, code) => {
  await expect(readLinkedHeaders(range, async () => headers)).rejects.toMatchObject({ code })
})
