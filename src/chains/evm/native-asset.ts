import type { AssetRef } from '../../core/asset.ts'

/**
 * The native asset of an EVM chain. It always has Ether's SLIP-44 type, even if the chain has another name for it: one
 * rule, no table.
 */
export const EVM_NATIVE: AssetRef = { standard: 'native', reference: '60' }
