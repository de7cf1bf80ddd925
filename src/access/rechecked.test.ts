import { expect, test } from 'vitest'
import { Rechecked } from './rechecked.ts'

function counted(values: ReadonlyMap<string, string>) {
  const world = { now: 1_000, reads: [] as string[], fails: false }
  const rechecked = new Rechecked(
    async (id) => {
      world.reads.push(id)
      if (world.fails) throw new Error('no store')
      return values.get(id)
    },
    () => world.now,
  )
  return { world, rechecked }
}

test('a value is read once a second, also by many at once', async () => {
  const { world, rechecked } = counted(new Map([['a', 'A']]))
  const all = await Promise.all([rechecked.get('a'), rechecked.get('a'), rechecked.get('b')])
  expect(all.map(({ value }) => value)).toEqual(['A', 'A', undefined])
  expect(rechecked.get('a')).toEqual({ value: 'A', checkedAt: 1_000 })
  expect(rechecked.get('b')).toEqual({ value: undefined, checkedAt: 1_000 })
  expect(world.reads).toEqual(['a', 'b'])
  world.now += 1
  expect(await rechecked.get('a')).toEqual({ value: 'A', checkedAt: 1_001 })
  expect(world.reads).toEqual(['a', 'b', 'a'])
})

test('a failed read is not remembered, and a clock that goes back is not trusted', async () => {
  const { world, rechecked } = counted(new Map([['a', 'A']]))
  world.fails = true
  await expect(rechecked.get('a')).rejects.toThrow('no store')
  world.fails = false
  expect(await rechecked.get('a')).toEqual({ value: 'A', checkedAt: 1_000 })
  world.now -= 1
  expect(await rechecked.get('a')).toEqual({ value: 'A', checkedAt: 999 })
})

test('guessed ids do not evict known ones', async () => {
  const { world, rechecked } = counted(new Map([['a', 'A']]))
  await rechecked.get('a')
  for (let i = 0; i < 2_000; i++) await rechecked.get(`guess ${i}`)
  world.reads.length = 0
  expect(rechecked.get('a')).toEqual({ value: 'A', checkedAt: 1_000 })
  await rechecked.get('guess 1999')
  await rechecked.get('guess 0')
  expect(world.reads).toEqual(['guess 0'])
})
