import type { AssetRef } from '../../core/asset.ts'

/** XCH, by its coin type in SLIP-44 (https://github.com/satoshilabs/slips/blob/master/slip-0044.md). */
export const CHIA_NATIVE: AssetRef = { standard: 'native', reference: '8444' }
