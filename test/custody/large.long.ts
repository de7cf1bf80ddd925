/** The full forms on every engine. */
import './budget.test.ts'
import './paging.test.ts'
