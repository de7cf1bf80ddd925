import type { Expected } from '../expected.ts'
import type { BenchServer } from '../server.ts'

/** Every balance of an account as served by TokenKit's call for all tokens of an account. */
export async function starknetBalances({ url, key }: BenchServer, account: string): Promise<Expected> {
  const response = await fetch(`${url}/api/account-balances/?account_address=${account}`, {
    headers: { 'api-key': key },
  })
  const data = read(await response.json(), 'data')
  const rows: readonly unknown[] = Array.isArray(data) ? data : []
  return new Map(rows.map((row) => [String(read(read(row, 'token'), 'address')), BigInt(String(read(row, 'balance')))]))
}

function read(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}
