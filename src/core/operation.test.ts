import { expect, test } from 'vitest'
import { isOperation, MAX_ASSET_NAME_CHARACTERS, MAX_ASSET_SYMBOL_CHARACTERS, type Operation } from './operation.ts'

function asset(parts: { assetId?: string; name?: string; symbol?: string }): Operation {
  return { kind: 'register_asset', assetId: 'A', name: undefined, symbol: undefined, reissue: false, ...parts }
}

test.each([
  [{}, true],
  [
    { assetId: '🏦', name: 'n'.repeat(MAX_ASSET_NAME_CHARACTERS), symbol: 's'.repeat(MAX_ASSET_SYMBOL_CHARACTERS) },
    true,
  ],
  [{ assetId: '🏦'.repeat(256), name: '🏦'.repeat(MAX_ASSET_NAME_CHARACTERS) }, true],
  [{ assetId: '🏦'.repeat(257) }, false],
  // Ids that earlier versions accepted stay in their records.
  [{ assetId: ' ', name: '\u202eabc' }, true],
  [{ name: 'n'.repeat(MAX_ASSET_NAME_CHARACTERS + 1) }, false],
  [{ symbol: 's'.repeat(MAX_ASSET_SYMBOL_CHARACTERS + 1) }, false],
  [{ name: '' }, false],
  [{ assetId: 'half \ud800' }, false],
  [{ name: 'half \ud83c' }, false],
  [{ symbol: '\udfe6 half' }, false],
  [{ name: 'two\nlines' }, false],
])('a record can hold an asset with %j: %s', (parts, can) => {
  expect(isOperation(asset(parts))).toBe(can)
})
