import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { parseChainId } from '../core/chain.ts'
import { genesisOf, keyDigestOf, sealOf } from './record.ts'

const sha256 = (text: string): string => `0x${createHash('sha256').update(text, 'utf8').digest('hex')}`
const ledger = parseChainId('ledger:main')

test('each hash covers one JSON array, written out here by hand', () => {
  if (ledger === undefined) throw new Error('ledger:main is a chain id')
  const genesis = genesisOf(ledger, 1_700_000_000)
  expect(genesis.hash).toBe(sha256('["steelyard-ledger-1","ledger:main",1700000000]'))
  const keyDigest = keyDigestOf({ scope: '/api/tokens/mint me', key: 'k"1', fingerprint: 'ab' })
  expect(keyDigest).toBe(sha256('["steelyard-ledger-1","/api/tokens/mint me","k\\"1","ab"]'))
  const place = { number: 1, parentHash: genesis.hash, timestamp: 1_700_000_001, serial: 1 }
  const registered = { kind: 'register_asset', assetId: 'GILT é', name: undefined, symbol: 'G', reissue: true } as const
  expect(sealOf({ ...place, operation: registered, keyDigest })).toBe(
    sha256(
      `["steelyard-ledger-1",1,"${genesis.hash}",1700000001,1,"register_asset","GILT é",null,null,null,null,"G",true,"${keyDigest}"]`,
    ),
  )
  const transfer = { kind: 'transfer', assetId: 'GILT', amount: 2n ** 53n - 1n, from: 'a', to: 'b' } as const
  expect(sealOf({ ...place, operation: transfer, keyDigest: undefined })).toBe(
    sha256(
      `["steelyard-ledger-1",1,"${genesis.hash}",1700000001,1,"transfer","GILT","a","b","9007199254740991",null,null,null,null]`,
    ),
  )
})
