import { assert } from '../core/assert.ts'
import type { Answered } from './answered.ts'
import { pause } from './pause.ts'

/** An address of a chain that the demo's wallet watches. `chain`: the vendor's id. */
export type DemoAddress = { readonly chain: string; readonly address: string }

/** What the demo makes of custody. */
export type CustodyDemo = {
  /** A key of the demo that may do everything. */
  readonly apiKey: string
  readonly addresses: readonly DemoAddress[]
  readonly signal: AbortSignal
}

/** The demo's wallet, and the request of Cobo's own page with its answer. */
export type CustodyFacts = {
  readonly wallet: string
  readonly addresses: readonly DemoAddress[]
  readonly seed: Answered
}

/** Pause between two looks at the wallet, in milliseconds, and the most looks: half a minute. */
const LOOK_MS = 100
const LOOKS = 300
/** Longest answer that is printed whole, in characters. */
const MAX_ANSWER = 900

/**
 * Makes a wallet with an address on each chain through the server's own API, waits until a row of each is there, and sends the
 * request of the vendor's own page. @throws AssertionError the server refuses a call
 */
export async function makeCustody(server: string, { apiKey, addresses, signal }: CustodyDemo): Promise<CustodyFacts> {
  const post = async (path: string, body: object): Promise<string> => {
    const headers = { 'content-type': 'application/json', 'x-api-key': apiKey }
    const response = await fetch(server + path, { method: 'POST', headers, body: JSON.stringify(body) })
    const answer = await response.text()
    assert(response.status === 201, `the demo's wallet is accepted: ${answer}`)
    return answer
  }
  const made = await post('/api/v1/wallets', { wallet_type: 'Custodial', name: 'Demo treasury' })
  const wallet = /"uuid":"([^"]+)"/.exec(made)?.[1] ?? ''
  for (const { chain, address } of addresses) {
    await post(`/api/v1/wallets/${wallet}/addresses`, { chain_id: chain, address })
  }
  const path = '/api/v1/wallets/balances'
  let answer = ''
  for (let look = 0; look < LOOKS; look++) {
    answer = await (await fetch(server + path)).text()
    const isThere = addresses.every(({ chain }) => answer.includes(`"chain_id":"${chain}"`))
    if (isThere || !(await pause(LOOK_MS, signal))) break
  }
  const cut = answer.length > MAX_ANSWER ? `${answer.slice(0, MAX_ANSWER)}…` : answer
  return { wallet, addresses, seed: { command: `curl -s '${server}${path}'`, answer: cut } }
}

/** What the demo prints about custody: lines without line ends, prose of at most 80 columns. */
export function custodyWords(server: string, { wallet, addresses, seed }: CustodyFacts): readonly string[] {
  return [
    'Cobo: a custody wallet with an address on each chain. `amount` can be spent,',
    '`pending` is not final yet, `locked` is held, `total` is what the chain says.',
    `  ${wallet}  Demo treasury`,
    ...addresses.map(({ chain, address }) => `    ${chain}  ${address}`),
    "The request of Cobo's own page, as just answered (without a key: the demo has an",
    'anonymous principal):',
    `  ${seed.command}`,
    `  ${seed.answer}`,
    'The same, one row a page:',
    `  curl -s '${server}/api/v1/wallets/balances?limit=1'`,
  ]
}
