import { assert } from '../core/assert.ts'

/** The demo's request for the investor's balance, and the server's answer. */
export type DemoGilt = { readonly question: string; readonly answer: string }

/** The asset that the demo's configuration registers. */
export const GILT = { asset_id: 'UKGILT2030', name: 'UK Gilt 2030' } as const

/** An asset that may be minted repeatedly, so that the documentation's mint works each time. */
export const POINTS = { asset_id: 'DEMO-POINTS', name: 'Demo points', reissue: true } as const

/** The issuer's wallet of ABC-Labs' own example. */
const ISSUER = '0xABC123...'
/** The wallet of an investor, of ABC-Labs' own example. */
export const INVESTOR = '0xDEF456...'

const STEPS = [
  { path: 'mint', body: { amount: 1_000, recipient_wallet_address: ISSUER } },
  { path: 'transfer', body: { amount: 150, from_wallet: ISSUER, to_wallet: INVESTOR } },
  { path: 'burn', body: { amount: 50, holder_wallet_address: INVESTOR } },
]

/** Issues a gilt, sells it and redeems a part of it through the server's own API, then asks what the investor holds. */
export async function issueGilt(server: string): Promise<DemoGilt> {
  const asset_id = GILT.asset_id
  for (const { path, body } of STEPS) {
    const response = await fetch(`${server}/api/tokens/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `demo-${path}` },
      body: JSON.stringify({ asset_id, ...body }),
    })
    const answer = await response.text()
    assert(response.status === 200, `the demo's ${path} is accepted: ${answer}`)
  }
  // The vendor's own example request, unchanged.
  const question = `${server}/api/tokens/balance?asset_id=${asset_id}&wallet_address=${INVESTOR}`
  const response = await fetch(question)
  const answer = await response.text()
  assert(response.status === 200, `the demo's balance is answered: ${answer}`)
  return { question, answer }
}
