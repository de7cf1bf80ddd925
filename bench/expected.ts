import { amountOf, type Generator, MINT } from './chain/generator.ts'

/** How a kind of chain names generated accounts and tokens. */
export type Names = {
  readonly tokenAddress: (token: number) => string
  readonly accountAddress: (account: number) => string
}

/** Base units by token address. */
export type Expected = ReadonlyMap<string, bigint>

/**
 * The balances of these accounts at the head of a generated chain, from adding up every movement: account to tokens.
 */
export function expectedBalances(generator: Generator, names: Names, accounts: readonly number[]) {
  const sums = new Map<number, Map<number, bigint>>(accounts.map((account) => [account, new Map()]))
  const add = (account: number, token: number, amount: bigint): void => {
    const tokens = sums.get(account)
    tokens?.set(token, (tokens.get(token) ?? 0n) + amount)
  }
  for (let index = 0; index < generator.shape.transfers; index++) {
    const movement = generator.movement(index)
    if (sums.has(movement.to)) add(movement.to, movement.token, amountOf(movement))
    if (movement.from !== MINT && sums.has(movement.from)) add(movement.from, movement.token, -amountOf(movement))
  }
  const named = (tokens: ReadonlyMap<number, bigint>): Expected =>
    new Map([...tokens].map(([token, amount]) => [names.tokenAddress(token), amount]))
  return new Map([...sums].map(([account, tokens]) => [names.accountAddress(account), named(tokens)]))
}

/** Every ERC-20 balance of an account as served, from all pages. */
export async function servedBalances(server: string, chainId: number, account: string): Promise<Expected> {
  const balances = new Map<string, bigint>()
  for (let page: unknown = 1; page !== undefined; ) {
    const query = `chain_id=${chainId}&address=${account}&limit=100&page=${String(page)}`
    const response = await fetch(`${server}/v1/account/tokens?${query}`, { headers: { 'x-api-key': 'demo' } })
    const answer: unknown = await response.json()
    const data = read(answer, 'data')
    for (const row of Array.isArray(data) ? data : []) {
      balances.set(String(read(row, 'contract_address')), BigInt(String(read(row, 'balance'))))
    }
    page = read(answer, 'next_page')
  }
  return balances
}

/** The differences between two sets of balances, in words; empty if they are equal. */
export function differences(account: string, expected: Expected, served: Expected): readonly string[] {
  const tokens = new Set([...expected.keys(), ...served.keys()])
  return [...tokens].flatMap((token) => {
    const pair = [expected.get(token), served.get(token)]
    return pair[0] === pair[1] ? [] : [`${account} ${token}: expected ${pair[0]}, served ${pair[1]}`]
  })
}

function read(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}
