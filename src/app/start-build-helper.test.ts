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
  const check = { place, rows: NO_ROWS, budgetMs: 100, turn: 0 }
  await expect(helper.checkTables(check)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  writeFileSync(place, 'no database'.repeat(1_000))
  await expect(helper.checkTables(check)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  helper.end()
  await expect(helper.checkTables(check)).rejects.toThrow('ended early')
})
