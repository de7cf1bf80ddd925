import { TRANSFER, TRANSFER_BATCH, TRANSFER_SINGLE } from '../../../src/chains/evm/transfers/decode-log.ts'
import { addressWord, type RawLog, type Told, word } from './program.ts'

/** keccak256 of `Deposit(address,uint256)` and `Withdrawal(address,uint256)`, as WETH9 emits them. */
const DEPOSIT = '0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c'
const WITHDRAWAL = '0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65'

/** How a `Transfer` lays out its three parameters. `long` is the usual layout with one more word after the amount. */
export type Layout = 'usual' | 'none indexed' | 'one indexed' | 'all indexed' | 'long'

/** An ERC-20 transfer as a log. */
export function transferLog(told: Told, layout: Layout = 'usual'): { raw: RawLog; told: Told } {
  const { from, to, amount } = told
  const [a, b, c] = [addressWord(from), addressWord(to), word(amount)]
  const raw: Readonly<Record<Layout, RawLog>> = {
    usual: { topics: [TRANSFER, `0x${a}`, `0x${b}`], data: `0x${c}` },
    'none indexed': { topics: [TRANSFER], data: `0x${a}${b}${c}` },
    'one indexed': { topics: [TRANSFER, `0x${a}`], data: `0x${b}${c}` },
    'all indexed': { topics: [TRANSFER, `0x${a}`, `0x${b}`, `0x${c}`], data: '0x' },
    long: { topics: [TRANSFER, `0x${a}`, `0x${b}`], data: `0x${c}${word(7n)}` },
  }
  return { raw: raw[layout], told }
}

/** The log of a deposit or a withdrawal of wrapped native. It is no transfer. */
export function wrapLog(what: 'deposit' | 'withdrawal', account: string, amount: bigint): { raw: RawLog } {
  const signature = what === 'deposit' ? DEPOSIT : WITHDRAWAL
  return { raw: { topics: [signature, `0x${addressWord(account)}`], data: `0x${word(amount)}` } }
}

/** An ERC-721 transfer of one item. */
export function deedLog(from: string, to: string, id: bigint): { raw: RawLog } {
  return { raw: { topics: [TRANSFER, `0x${addressWord(from)}`, `0x${addressWord(to)}`, `0x${word(id)}`], data: '0x' } }
}

/** An ERC-1155 transfer of one or two items. */
export function goodsLog(from: string, to: string, items: readonly (readonly [bigint, bigint])[]): { raw: RawLog } {
  const parties = [from, from, to].map((account) => `0x${addressWord(account)}`)
  const [only] = items
  if (items.length === 1 && only !== undefined) {
    return { raw: { topics: [TRANSFER_SINGLE, ...parties], data: `0x${word(only[0])}${word(only[1])}` } }
  }
  const list = (values: readonly bigint[]): string => [BigInt(values.length), ...values].map(word).join('')
  const offset = 64n + 32n * BigInt(items.length + 1)
  const data = `0x${word(64n)}${word(offset)}${list(items.map(([id]) => id))}${list(items.map(([, amount]) => amount))}`
  return { raw: { topics: [TRANSFER_BATCH, ...parties], data } }
}
