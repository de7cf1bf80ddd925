/** A bulk load into PostgreSQL in a process of its own, which kills itself at a statement: `later-child.ts URL FOLDER STATEMENT`. */
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { openStore } from '../../src/store/open.ts'
import { indexStore } from '../bulk/final-chain.ts'
import { watchLoads } from './load-points.ts'

const [url = '', loadFolder = '', at = ''] = process.argv.slice(2)
watchLoads({ at: /^\d+$/.test(at) ? Number(at) : at, when: 'before', act: () => process.kill(process.pid, 'SIGKILL') })
process.stdout.write('started\n')
const error = await indexStore(await openStore({ url, codecOf: () => HEX_ACCOUNTS, loadFolder }), {
  isBulk: true,
  isEager: true,
})
if (error !== undefined) throw error
