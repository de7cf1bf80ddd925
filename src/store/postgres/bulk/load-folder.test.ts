import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ChainId, parseChainId } from '../../../core/chain.ts'
import { LoadFolder } from './load-folder.ts'

const CHAIN = parseChainId('eip155:1') as ChainId
const STORE = { place: 'localhost:5432/db', schema: 'steelyard' }

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'steelyard-folder-'))
})
afterEach(() => rmSync(root, { recursive: true }))

test('stores, schemas and chains have folders of their own, for this user alone', () => {
  const all = join(root, 'all')
  const folders = [
    new LoadFolder(all, STORE, CHAIN),
    new LoadFolder(all, { ...STORE, place: 'other:5432/db' }, CHAIN),
    new LoadFolder(all, { ...STORE, schema: 'other' }, CHAIN),
    new LoadFolder(all, STORE, 'eip155:2' as ChainId),
  ]
  for (const folder of folders) expect(folder.make()).toBeGreaterThan(0)
  expect(new Set(folders.map(({ path }) => path)).size).toBe(4)
  for (const path of [all, ...folders.map(({ path }) => path)]) expect(statSync(path).mode & 0o777).toBe(0o700)
  folders[0]?.remove()
  folders[0]?.remove()
  expect(folders.map(({ path }) => existsSync(path))).toEqual([false, true, true, true])
})

test.each<[string, (all: string) => void]>([
  ['that others may write', (all) => void [mkdirSync(all), chmodSync(all, 0o777)]],
  ['that others may read', (all) => void [mkdirSync(all), chmodSync(all, 0o750)]],
  ['behind a link', (all) => void [mkdirSync(`${all}.real`, { mode: 0o700 }), symlinkSync(`${all}.real`, all)]],
  ['that is a file', (all) => writeFileSync(all, '')],
])('a folder %s is refused with what to do', (_, prepare) => {
  const all = join(root, 'all')
  prepare(all)
  const make = (): number => new LoadFolder(all, STORE, CHAIN).make()
  expect(make).toThrow(expect.objectContaining({ code: 'STORE_UNAVAILABLE' }))
  expect(make).toThrow(/load_folder/)
})
