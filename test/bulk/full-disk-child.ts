/** `full-disk-child.ts FOLDER pages|sql`: builds a chain of 40,000 transfers in FOLDER/small, and prints how that failed. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../../src/core/errors.ts'
import type { BlockTransfers } from '../../src/core/transfer.ts'
import { ACCOUNTS, ASSETS, hashOf, makeBlock } from '../store/chains.ts'
import { builtFile, pageSink, sqlSink } from './built-file.ts'

const [folder = '', by] = process.argv.slice(2)
const small = join(folder, 'small')
const headerOf = (number: number) => ({ number, hash: hashOf(0, number), parentHash: '0x', timestamp: number })
const blocks = Array.from({ length: 400 }, (_, number): BlockTransfers => {
  const movements = Array.from({ length: 100 }, (_, at) => {
    const [from, to] = [ACCOUNTS[at % 5], ACCOUNTS[(at * 7 + number) % 5]]
    return { asset: ASSETS[at % 2] ?? ASSETS[0], from, to, amount: 7n ** 70n, item: 0 }
  })
  return makeBlock(movements, headerOf(number))
})
try {
  const sink = by === 'sql' ? sqlSink : pageSink
  // The log is on another disk, so that only the build meets the full one.
  const inSmall: typeof sink = (_, whose) => sink(join(small, 'built.db'), whose)
  const chain = { coverage: { scope: { type: 'all' }, from: 0 }, blocks, through: headerOf(400) } as const
  await builtFile(join(folder, 'large'), chain, { sink: inSmall })
  process.stdout.write('built')
} catch (error) {
  process.stdout.write(String(codeOf(error) ?? error))
}
const left = readdirSync(small)
if (left.length > 0) process.stdout.write(` with ${left.join(', ')} left`)
