/** Points in a commit where a test kills the process, to prove that nothing is lost or duplicated there. */
export const LEDGER_STEPS = ['ledger:read', 'append:rows', 'append:clock', 'ledger:rows', 'ledger:done'] as const
/** A named point of a ledger's write, for tests that kill the process there. */
export type LedgerStep = (typeof LEDGER_STEPS)[number]
