/** The full forms on every engine. */
import './chia-kill.test.ts'
import './follow-kill.test.ts'
import './kill.test.ts'
import './starknet-kill.test.ts'
