import { PackedBlocks } from '../../src/bulk/raw-log/packed-blocks.ts'
import { unpacked } from '../../src/bulk/raw-log/unpack.ts'
import type { ChainAdapter } from '../../src/chains/adapter.ts'
import { createEvmAdapter } from '../../src/chains/evm/adapter.ts'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { assert } from '../../src/core/assert.ts'

/**
 * As `createEvmAdapter`, but the transfers of ranges are read as a bulk load reads them, and are made objects from the
 * records.
 */
export function createPackedAdapter(
  ...options: Parameters<typeof createEvmAdapter>
): ReturnType<typeof createEvmAdapter> {
  const { adapter, counts } = createEvmAdapter(...options)
  const packing: ChainAdapter = {
    ...adapter,
    transfers: async (request, signal) => {
      const { packTransfers } = adapter
      assert(packTransfers !== undefined, 'an EVM adapter packs')
      const packed = new PackedBlocks()
      await packTransfers(request, packed, signal)
      return unpacked(packed, HEX_ACCOUNTS)
    },
  }
  return { adapter: packing, counts }
}

let isPacked = false

/** Makes `createEitherAdapter` in this test file read transfers as a bulk load does. */
export function readAsRecords(): void {
  isPacked = true
}

/** The adapter of tests that run for both ways to read the transfers of ranges. */
export const createEitherAdapter: typeof createEvmAdapter = (...options) =>
  isPacked ? createPackedAdapter(...options) : createEvmAdapter(...options)
