import { callData } from '../../src/demo/contracts.ts'
import { serveTokenKit, type TokenKitServer } from './tokenkit-server.ts'

/** US dollars for one `cents`, which has 6 decimals: more digits than a double holds. */
export const PRICE = '1.000000000000000000123'

/** A server with a configured price. */
export function servePriced(): Promise<TokenKitServer> {
  return serveTokenKit(({ chainId, tokens }) => ({
    prices: { static: { [`eip155:${chainId}/erc20:${tokens.cents}`]: PRICE } },
  }))
}

/** The chain's own answer for a balance of `cents`, at a block number or the newest block. */
export async function onChain({ chain }: TokenKitServer, account: string, block?: number): Promise<string> {
  const call = { to: chain.tokens.cents, data: callData('Erc20', 'balanceOf', [account]) }
  const at = block === undefined ? 'latest' : `0x${block.toString(16)}`
  return BigInt(String(await chain.anvil.rpc('eth_call', [call, at]))).toString()
}

/** A log as the node returns it. */
export type Log = {
  readonly blockNumber: string
  readonly logIndex: string
  readonly topics: readonly string[]
  readonly data: string
}

/** The Transfer logs of `cents` that an account sent or received, from the node itself. */
export async function logsOf({ chain }: TokenKitServer, account: string): Promise<readonly Log[]> {
  const filter = { fromBlock: '0x0', toBlock: 'latest', address: chain.tokens.cents }
  const logs: readonly Log[] = JSON.parse(JSON.stringify(await chain.anvil.rpc('eth_getLogs', [filter])))
  return logs.filter(({ topics }) => topics.slice(1).some((topic) => topic.endsWith(account.slice(2))))
}

/** amount / 10^6 × PRICE, by integers alone. */
export function usd(amount: bigint): string {
  const units = amount * 1_000_000_000_000_000_000_123n
  const digits = units.toString().padStart(28, '0')
  const fraction = digits.slice(-27).replace(/0+$/, '')
  return digits.slice(0, -27) + (fraction === '' ? '' : `.${fraction}`)
}
