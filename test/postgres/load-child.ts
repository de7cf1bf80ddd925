/** A bulk load into PostgreSQL in a process of its own, to be killed: `load-child.ts URL FOLDER [TABLE]`. See `RowsPipe`. */
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { openStore } from '../../src/store/open.ts'
import { indexStore } from '../bulk/final-chain.ts'
import { RowsPipe } from './rows-pipe.ts'

const [url = '', loadFolder = '', table = ''] = process.argv.slice(2)
const store = await openStore({ url, codecOf: () => HEX_ACCOUNTS, loadFolder })
const error = await indexStore(store, {
  isBulk: true,
  onStep: (step) => {
    if (step === 'build:small' && table !== '') new RowsPipe(loadFolder, table).put()
  },
})
if (error !== undefined) throw error
