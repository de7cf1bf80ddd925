/** Followed accounts and the ledger while servers are killed, on every engine. */
import './follow.test.ts'
import './ledger-kill.test.ts'
