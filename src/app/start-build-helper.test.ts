import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startBuildHelper } from './start-build-helper.ts'

const folder = mkdtempSync(join(tmpdir(), 'steelyard-helper-'))
const helper = startBuildHelper()

afterAll(() => {
  helper.end()
  rmSync(folder, { recursive: true, force: true })
})

const NO_ROWS = {
  ...{ transfers: 0, transfers_by_asset: 0, changes: 0, balances: 0, balances_as_met: 0 },
  ...{ accounts: 0, balances_by_amount: 0, assets: 0 },
}

test('what fails in the other thread of a build fails here with its code, and the thread goes on', async () => {
  const place = join(folder, 'built.db')
  const counting = { place, rows: NO_ROWS }
  await expect(helper.countRows(counting)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  writeFileSync(place, 'no database'.repeat(1_000))
  await expect(helper.countRows(counting)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  helper.end()
  await expect(helper.countRows(counting)).rejects.toThrow('ended early')
})
