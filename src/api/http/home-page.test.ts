import { expect, test } from 'vitest'
import type { Health } from './health.ts'
import { renderHomePage } from './home-page.ts'

const chain = (other: Partial<Health['chains'][number]>): Health['chains'][number] => ({
  id: 'eip155:1',
  kind: 'evm',
  state: 'live',
  head: 21_000_002,
  checkpoint: { number: 21_000_000, hash: '0x1' },
  finalized: { number: 20_999_936, hash: '0x2' },
  lag_seconds: 24,
  transfers: 1_234_567,
  ...other,
})

/** Returns the page's text without tags. */
function wordsOf(health: Partial<Health>): string {
  const page = renderHomePage({ status: 'ok', version: '1.2.3', chains: [], ...health })
  return page
    .replace(/<style>.*<\/style>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
}

test('shows each chain with its state and lag, and the links', () => {
  const words = wordsOf({ chains: [chain({}), chain({ id: 'ledger:main', kind: 'ledger', head: 21_000_000 })] })
  expect(words).toContain(
    'eip155:1 evm live block 21,000,000 head 21,000,002 final 20,999,936 lag 2 blocks, 24 s transfers 1,234,567',
  )
  expect(words).toContain('ledger:main ledger live block 21,000,000 head 21,000,000 final 20,999,936 lag none')
  for (const path of ['/docs', '/openapi.json', '/health', '/ready', '/metrics']) expect(words).toContain(path)
  expect(words).toContain('steelyard keys create --name me')
})

test.each<[Partial<Health['chains'][number]>, string]>([
  [{ lag_seconds: 300 }, 'lag 2 blocks, 5 min'],
  [{ lag_seconds: 40_000, head: 21_000_001 }, 'lag 1 block, 11 h'],
  [{ lag_seconds: 90_000_000 }, 'lag 2 blocks, 1,042 days'],
  [{ state: 'degraded', waiting: { for: 'the node', seconds: 7 } }, 'waiting for the node, 7 s'],
  [{ state: 'stopped', error: 'a <b> & "c"' }, 'stopped a &lt;b&gt; &amp; &quot;c&quot; block'],
])('%j', (other, words) => {
  expect(wordsOf({ chains: [chain(other)] })).toContain(words)
})

test('leaves out unknown values', () => {
  const unknown = { head: undefined, checkpoint: undefined, finalized: undefined, lag_seconds: undefined }
  expect(wordsOf({ chains: [chain({ ...unknown, state: 'starting', transfers: 0 })] })).toContain(
    'eip155:1 evm starting transfers 0 Calls',
  )
})
