import { expect, test } from 'vitest'
import { verifyPassword } from './passwords.ts'
import { createUser, parseUserName } from './users.ts'

test('a new user has a random id, and only the hash of the password', async () => {
  const user = await createUser({ name: 'ada', password: 'correct horse', createdAt: 1_000 })
  const { id, passwordHash, ...rest } = user
  expect(rest).toEqual({ name: 'ada', principal: 'default', createdAt: 1_000, disabledAt: undefined })
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/)
  expect(JSON.stringify(user)).not.toContain('horse')
  expect(await verifyPassword('correct horse', passwordHash)).toBe(true)
})

test.each<[string, string | undefined]>([
  ['ada', 'ada'],
  ['Ada Lovelace', 'Ada Lovelace'],
  ['rene\u0301', 'ren\u00e9'],
  ['a'.repeat(100), 'a'.repeat(100)],
  ['a'.repeat(101), undefined],
  ['a'.repeat(1_000_000), undefined],
  ['', undefined],
  ['  ', undefined],
  ['a\nb', undefined],
  ['a\u202eb', undefined],
  ['a\u0000', undefined],
  ['\ud800', undefined],
])('the name %.20j', (given, name) => expect(parseUserName(given)).toBe(name))
