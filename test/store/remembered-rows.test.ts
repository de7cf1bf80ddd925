/** What a journal's writer remembers of its rows is forgotten with a transaction that is rolled back. */
import { expect, test } from 'vitest'
import { ACCOUNTS, ASSETS, hashOf, makeBlock } from './chains.ts'
import { CHAIN, ENGINES, type StorePlace } from './engines.ts'

const [alice = ''] = ACCOUNTS
const [coin, other] = ASSETS

type Attempt = {
  readonly number: number
  readonly assets: readonly (typeof coin | typeof other)[]
  readonly fails?: true
}

/** The facts of a chain after some appends, of which some fail once their rows are written. */
async function factsAfter(place: StorePlace, attempts: readonly Attempt[]): Promise<readonly string[]> {
  let fails = false
  const onStep = (step: string): void => {
    if (fails && step === 'append:rows') throw new RangeError('the disk is full')
  }
  const { journal } = await place.openChain({ scope: { type: 'all' }, from: 1 }, { onStep })
  for (const attempt of attempts) {
    const { number, assets } = attempt
    fails = attempt.fails === true
    const header = { number, hash: hashOf(0, number), parentHash: hashOf(0, number - 1), timestamp: number * 12 }
    const mints = assets.map((asset) => ({ asset, from: undefined, to: alice, amount: 7n, item: 0 }))
    const batch = { first: number, through: header, blocks: [makeBlock(mints, header)], headers: [header] }
    const appended = journal.append(batch)
    if (fails) await expect(appended).rejects.toThrow('the disk is full')
    else await appended
  }
  const facts = await place.dumpChain(CHAIN)
  await place.end()
  return facts
}

test.each(ENGINES)(
  '$name: an append that failed leaves nothing that a later one takes for stored',
  async ({ makePlace }) => {
    const stored: readonly Attempt[] = [
      { number: 1, assets: [coin] },
      { number: 2, assets: [coin] },
      { number: 3, assets: [other, coin] },
    ]
    const [first, second, third] = stored
    if (first === undefined || second === undefined || third === undefined) throw new RangeError('there are three')
    const failed: Attempt = { number: 2, assets: [other, coin, coin], fails: true }
    const facts = await factsAfter(await makePlace(), [first, failed, second, third])
    expect(facts).toEqual(await factsAfter(await makePlace(), stored))
    expect(facts.filter((line) => line.startsWith('assets'))).toHaveLength(2)
  },
)
