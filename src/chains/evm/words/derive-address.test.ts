import { pbkdf2Sync } from 'node:crypto'
import { HDKey } from '@scure/bip32'
import { mnemonicToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { deriveAddress } from './derive-address.ts'

const MNEMONIC = 'test test test test test test test test test test test junk'
// The seed of these words without a passphrase (BIP-39).
const master = HDKey.fromMasterSeed(pbkdf2Sync(MNEMONIC, 'mnemonic', 2048, 64, 'sha512'))
const keyAt = (path: string) => master.derive(path)

test('the addresses below an account and below its chain of payments are those of common wallets', () => {
  for (let index = 0; index < 40; index++) {
    const expected = mnemonicToAccount(MNEMONIC, { addressIndex: index }).address.toLowerCase()
    expect(deriveAddress(keyAt("m/44'/60'/0'").publicExtendedKey, index)).toBe(expected)
    expect(deriveAddress(keyAt("m/44'/60'/0'/0").publicExtendedKey, index)).toBe(expected)
  }
  expect(deriveAddress(keyAt("m/44'/60'/0'").publicExtendedKey, 0)).toBe('0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266')
})

test('nothing is derived of a private key, of other text, or beyond what a public key has', () => {
  const key = keyAt("m/44'/60'/0'")
  for (const text of ['', 'xpub', key.privateExtendedKey, `${key.publicExtendedKey}1`, 'x'.repeat(10_000)]) {
    expect(deriveAddress(text, 0)).toBeUndefined()
  }
  for (const index of [-1, 0.5, 2 ** 31, Number.NaN, 2 ** 53]) {
    expect(deriveAddress(key.publicExtendedKey, index)).toBeUndefined()
  }
})
