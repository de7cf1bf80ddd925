import { basename } from 'node:path'
import type { ChainId } from '../../core/chain.ts'

/** The file of what cannot be rebuilt from nodes: keys and the issuer's ledger. */
export const MAIN_FILE = 'steelyard.db'

const READS_END = '.reads.db'

/** A chain's id as a file name: `eip155:1` is `eip155_1`. Ids hold nothing else that a file system minds. */
export function fileName(chain: ChainId): string {
  return chain.replace(':', '_')
}

/** The file of a chain's facts. */
export function factsFile(chain: ChainId): string {
  return `${fileName(chain)}.db`
}

/** The file of what nodes said of a chain when they were asked. */
export function readsFile(chain: ChainId): string {
  return `${fileName(chain)}${READS_END}`
}

/** What an operator can do about a damaged file. */
export function remedyOf(file: string): string {
  const name = basename(file)
  if (name === MAIN_FILE) return 'stop the server and restore the file from a backup: nothing else holds its content'
  if (name.endsWith(READS_END)) {
    return `stop the server, delete ${file} with its -wal and -shm, and start again: it only holds answers of nodes`
  }
  // A namespace has no underscore, so the first one stands for the colon.
  const chain = name.replace(/\.db$/, '').replace('_', ':')
  return `stop the server, run "steelyard reset ${chain}", and start again: the chain is indexed anew`
}
