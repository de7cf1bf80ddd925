import type { DemoChain } from './chain.ts'
import type { Answered } from './words.ts'

/** Longest answer that is printed whole, in characters. */
const MAX_ANSWER = 700

/** Makes TokenKit's three balance calls of a running demo. @throws Error the server does not answer */
export async function askBalances(
  server: string,
  { apiKey, chain }: { readonly apiKey: string; readonly chain: Pick<DemoChain, 'tokens' | 'trader' | 'greatest'> },
): Promise<readonly Answered[]> {
  const { tokens, trader, greatest } = chain
  const query = new URLSearchParams({ account_address: trader, token_address: tokens.cents })
  const pairs = [
    { account_address: trader, token_address: tokens.cents },
    { account_address: greatest, token_address: tokens.greatest },
  ]
  const calls = [
    { path: `/api/balance/?${query}`, body: undefined },
    { path: '/api/balances/', body: JSON.stringify({ balances: pairs }) },
    { path: `/api/account-balances/?account_address=${trader}`, body: undefined },
  ]
  return Promise.all(
    calls.map(async ({ path, body }) => {
      const json = { 'content-type': 'application/json' }
      const headers = { 'api-key': apiKey, ...(body === undefined ? {} : json) }
      const init = body === undefined ? { headers } : { headers, body, method: 'POST' }
      const answer = await (await fetch(server + path, init)).text()
      const data = body === undefined ? '' : ` -H 'content-type: application/json' -d '${body}'`
      const cut = answer.length > MAX_ANSWER ? `${answer.slice(0, MAX_ANSWER)}…` : answer
      return { command: `curl -s -H 'api-key: ${apiKey}'${data} '${server}${path}'`, answer: cut }
    }),
  )
}
