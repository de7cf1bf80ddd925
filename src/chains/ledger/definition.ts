import { TEXT_ACCOUNTS } from '../../core/account.ts'
import { isLedgerId } from '../../core/operation.ts'
import type { KindDefinition } from '../adapter.ts'

function parseId(text: string): string | undefined {
  return isLedgerId(text) ? text : undefined
}

/** Issuers' ledgers: `ledger:main`. Their wallets are opaque text. They exist on no node: they are written here. */
export const LEDGER: KindDefinition = {
  kind: 'ledger',
  namespace: 'ledger',
  parseAddress: parseId,
  parseToken: parseId,
  accountCodec: TEXT_ACCOUNTS,
  source: 'own',
}
