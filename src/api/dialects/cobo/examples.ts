import { format } from '../../../core/amount.ts'
import { isServiceError } from '../../../core/errors.ts'
import type { DialectExamples } from '../../http/dialect.ts'
import type { CoboDeps } from './deps.ts'

/** Shown where the id of a hold or a key is needed: they are not known before they are made. */
const NO_UUID = '00000000-0000-4000-8000-000000000000'
/** Balances that are searched for one that can be held. */
const LOOKED_AT = 200

/** Returns example values for the documentation: of the anonymous principal's wallets, since anyone may read those. */
export async function coboExamples(deps: CoboDeps): Promise<DialectExamples> {
  const { wallet, hold, watch } = await knownValues(deps)
  return {
    values: {
      wallet_uuid: wallet ?? NO_UUID,
      hold_id: NO_UUID,
      key_id: '00000000',
      symbol: 'ETH',
      asset_coins: 'ETH,USDC',
      wallet_type: 'Custodial',
      name: 'Treasury',
    },
    ofCalls: { PlaceHold: hold, AddWalletAddress: watch },
  }
}

async function knownValues(deps: CoboDeps) {
  const { custody, anonymous } = deps
  const hold = { token_id: 'ETH_USDC', address: '0x…', amount: '1.5', request_id: 'payment-1' }
  const none = { wallet: undefined, hold, watch: { chain_id: 'ETH', address: '0x…' } }
  if (anonymous === undefined) return none
  try {
    const { rows } = await custody.balances({ principal: anonymous, page: { limit: LOOKED_AT } })
    const row = rows.find(({ spendable }) => spendable > 0n)
    if (row === undefined) return none
    const [token_id = ''] = await custody.ids.ofAssets([row])
    const chain_id = await custody.ids.ofChain(row.chain)
    const { address, decimals, wallet } = row
    return {
      wallet,
      hold: { ...hold, token_id, address, amount: format(1n, decimals) },
      watch: { chain_id, address },
    }
  } catch (error) {
    // The documentation is shown also while the store cannot be read.
    if (isServiceError(error)) return none
    throw error
  }
}
