import type { Answered } from './answered.ts'
import type { StarknetDemo } from './starknet/demo-chain.ts'
import { padded } from './starknet/felt.ts'

/** Longest answer that is printed whole, in characters. */
const MAX_ANSWER = 700

/** Pause between two looks for the names of tokens, in milliseconds, and the most looks: a minute. */
const LOOK_MS = 100
const LOOKS = 600

/**
 * Makes TokenKit's three balance calls of a running demo, once the names of tokens are known: they are read beside the
 * indexing. @throws Error the server does not answer
 */
export async function askBalances(
  server: string,
  { apiKey, chain }: { readonly apiKey: string; readonly chain: Pick<StarknetDemo, 'tokens' | 'trader' | 'holder'> },
): Promise<readonly Answered[]> {
  const [trader, holder] = [padded(chain.trader), padded(chain.holder)]
  const [dollar, strk] = [padded(chain.tokens.dollar), padded(chain.tokens.strk)]
  const query = new URLSearchParams({ account_address: trader, token_address: dollar })
  const pairs = [
    { account_address: trader, token_address: dollar },
    { account_address: holder, token_address: strk },
  ]
  const everything = `/api/account-balances/?account_address=${trader}`
  const calls = [
    { path: `/api/balance/?${query}`, body: undefined },
    { path: '/api/balances/', body: JSON.stringify({ balances: pairs }) },
    { path: everything, body: undefined },
  ]
  for (let look = 0; look < LOOKS; look++) {
    const response = await fetch(server + everything, { headers: { 'api-key': apiKey } })
    if (!(await response.text()).includes('"symbol":null')) break
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
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
