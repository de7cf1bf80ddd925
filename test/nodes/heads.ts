/** A healthy node of chain 1 that has nothing but blocks, where the head is a matter of the test. */
import { type Answer, jsonRpc } from './scripted-node.ts'

const quantity = (value: number): string => `0x${value.toString(16)}`
const hash = (number: number): string => `0x${number.toString(16).padStart(64, '0')}`

/** A block as eth_getBlockByNumber answers it. */
export function blockAt(number: number) {
  const parentHash = hash(Math.max(0, number - 1))
  return { number: quantity(number), hash: hash(number), parentHash, timestamp: quantity(number * 12) }
}

/** `finalized`: all that the node says to that tag; 64 blocks below its head, unless said otherwise. */
export function headed(latest: () => number, finalized: () => unknown = () => blockAt(latest() - 64)): Answer {
  return jsonRpc({
    eth_chainId: () => '0x1',
    eth_getBlockByNumber: ([tag]) =>
      tag === 'finalized' ? finalized() : blockAt(tag === 'latest' ? latest() : Number(tag)),
  })
}
