/** Fetches to a raw log in a process that tests kill: arguments are the folder, the node's URL and the last block. */
import { createEvmAdapter } from '../../chains/evm/adapter.ts'
import { HEX_ACCOUNTS } from '../../core/account.ts'
import { parseChainId } from '../../core/chain.ts'
import { RawLogWriter } from '../raw-log/raw-log-writer.ts'
import { fetchToLog } from './fetch-to-log.ts'

const [folder = '', url = '', last = ''] = process.argv.slice(2)
const chain = parseChainId('eip155:1')
if (chain === undefined) throw new Error('a chain id')
const { adapter } = createEvmAdapter({ chain, rpc: [url], finality: 'finalized', warn: () => undefined })
const size = { blocks: 40, ceiling: 40, successes: 0 }
// A clock that makes a mark due at every answer, so that kills fall at and between marks.
let time = 0
await fetchToLog({
  adapter,
  scope: { type: 'all' },
  codec: HEX_ACCOUNTS,
  writer: new RawLogWriter({ folder, origin: 'test', codec: HEX_ACCOUNTS }),
  first: 0,
  last: Number(last),
  signal: new AbortController().signal,
  now: () => (time += 700),
  start: size,
  onAnswer: ({ through }) => process.stdout.write(`${through?.number}\n`),
})
process.stdout.write('done\n', () => process.exit())
