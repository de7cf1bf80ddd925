import { describe, expect, test } from 'vitest'
import { fitsPassword, hashPassword, verifyPassword } from './passwords.ts'

/** 'correct horse' with salt 00…0f and our parameters, hashed by Python's hashlib.scrypt. */
const KNOWN = '$scrypt$ln=15,r=8,p=3$AAECAwQFBgcICQoLDA0ODw==$ANYWwrwG9exM4wRn3uDhnkTuLMG27uj4k9dz5KrBPkg='

test('a hash has its parameters and its own salt, and verifies only its password', async () => {
  const stored = await hashPassword('correct horse')
  expect(stored).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=$/)
  expect(await hashPassword('correct horse')).not.toBe(stored)
  expect(await verifyPassword('correct horse', stored)).toBe(true)
  expect(await verifyPassword('correct horsf', stored)).toBe(false)
  expect(await verifyPassword('', stored)).toBe(false)
})

test('another implementation of scrypt gives the same hash', async () => {
  expect(await verifyPassword('correct horse', KNOWN)).toBe(true)
})

test('a hash with other parameters than today is verified with its own', async () => {
  const weaker = '$scrypt$ln=4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw==$Q7EcH175P/kcU7JE2HRU+qTRrq/BS6UbCRYPdBaC5y8='
  expect(await verifyPassword('correct horse', weaker)).toBe(true)
  expect(await verifyPassword('correct horsf', weaker)).toBe(false)
})

test('without a user every password is wrong, also the one of the placeholder', async () => {
  expect(await verifyPassword('', undefined)).toBe(false)
  expect(await verifyPassword('correct horse', undefined)).toBe(false)
})

test('composed and decomposed characters are the same password', async () => {
  expect(await verifyPassword('e\u0301te\u0301', await hashPassword('\u00e9t\u00e9'))).toBe(true)
})

test('a password has at most 1,024 bytes of UTF-8', async () => {
  const cases: [string, boolean][] = [
    ['a'.repeat(1_024), true],
    ['a'.repeat(1_025), false],
    ['é'.repeat(512), true],
    ['é'.repeat(513), false],
    ['a'.repeat(1_048_576), false],
  ]
  expect(cases.map(([password]) => fitsPassword(password))).toEqual(cases.map(([, fits]) => fits))
  await expect(hashPassword('a'.repeat(1_025))).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  // Refused before the stored hash is even read.
  expect(await verifyPassword('a'.repeat(1_025), 'not a hash')).toBe(false)
})

describe('a stored hash that is not ours is damage, and costs nothing', () => {
  const salt = `${'A'.repeat(22)}==`
  const hash = `${'A'.repeat(43)}=`
  test.each([
    '',
    'plain',
    `$scrypt$ln=15,r=8,p=3$${salt}$`,
    `$scrypt$ln=18,r=8,p=3$${salt}$${hash}`,
    `$scrypt$ln=0,r=8,p=3$${salt}$${hash}`,
    `$scrypt$ln=15,r=99,p=3$${salt}$${hash}`,
    `$scrypt$ln=15,r=8,p=0$${salt}$${hash}`,
    `$argon2id$ln=15,r=8,p=3$${salt}$${hash}`,
    `$scrypt$ln=15,r=8,p=3$${salt}$${hash}\n`,
  ])('%j', async (stored) => {
    await expect(verifyPassword('a', stored)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  })
})
