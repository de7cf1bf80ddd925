import { expect, test } from 'vitest'
import { ENGINES } from './engines.ts'

test.each(ENGINES)('a text of a caller that $name cannot store is found nowhere', async ({ makePlace }) => {
  const place = await makePlace()
  try {
    const { reads } = await place.openChain()
    const { users, custody } = await place.open()
    const search = (match: { reference: string } | { beginning: string }) =>
      reads.tokens.search({ match, standards: ['erc20'], except: [], offset: 0, limit: 9 })
    for (const text of ['\0', 'a\0b']) {
      expect(await users.get(text)).toBeUndefined()
      expect(await custody.ids.asset(text)).toBeUndefined()
      expect(await search({ reference: text })).toEqual({ assets: [], more: false })
      expect(await search({ beginning: text })).toEqual({ assets: [], more: false })
    }
  } finally {
    await place.end()
  }
})
