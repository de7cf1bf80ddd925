/** A healthy node of chain 1 that has only blocks. The test sets its head. */
import { type Answer, jsonRpc } from './scripted-node.ts'

const quantity = (value: number): string => `0x${value.toString(16)}`
const hash = (number: number): string => `0x${number.toString(16).padStart(64, '0')}`

/** A block as eth_getBlockByNumber returns it. */
export function blockAt(number: number) {
  const parentHash = hash(Math.max(0, number - 1))
  return { number: quantity(number), hash: hash(number), parentHash, timestamp: quantity(number * 12) }
}

/** `finalized` returns the answer for that tag: by default the block 64 below the head. */
export function headed(latest: () => number, finalized: () => unknown = () => blockAt(latest() - 64)): Answer {
  return jsonRpc({
    eth_chainId: () => '0x1',
    eth_getBlockByNumber: ([tag]) =>
      tag === 'finalized' ? finalized() : blockAt(tag === 'latest' ? latest() : Number(tag)),
  })
}
