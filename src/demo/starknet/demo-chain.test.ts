import { expect, test } from 'vitest'
import { startStarknetDemo } from './demo-chain.ts'
import { selectorOf, u256 } from './felt.ts'
import { fieldsOf } from './json-rpc.ts'

test("the demo's Starknet chain is served, and grows while it trades", async () => {
  const demo = await startStarknetDemo()
  try {
    const ask = async (method: string, params: unknown): Promise<unknown> => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
      const response = await fetch(demo.url, { method: 'POST', body })
      return fieldsOf(await response.json()).get('result')
    }
    expect(await ask('starknet_chainId', [])).toBe(`0x${Buffer.from(demo.chainId).toString('hex')}`)
    const [account = ''] = demo.accounts
    const call = {
      contract_address: demo.tokens.dollar,
      entry_point_selector: selectorOf('balance_of'),
      calldata: [account],
    }
    expect(await ask('starknet_call', [call, 'latest'])).toEqual([...u256(demo.holding('dollar', account))])
    expect(demo.accounts.every((one) => demo.holding('strk', one) > 0n)).toBe(true)

    const { number } = demo.chain.head
    const stop = new AbortController()
    const trading = demo.trade(1, stop.signal)
    while (demo.chain.head.number < number + 3) await new Promise((resolve) => setTimeout(resolve, 1))
    stop.abort()
    await trading
    expect(await ask('starknet_blockNumber', {})).toBe(demo.chain.head.number)
    expect(fieldsOf(await ask('starknet_getBlockWithTxHashes', ['pre_confirmed'])).get('block_number')).toBe(
      demo.chain.head.number + 1,
    )
  } finally {
    await demo.stop()
  }
})
