/** A record is verified on every engine. `verify.test.ts` changes every cell of one, on the engine whose files are copied fast. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commitGroup } from '../../src/ledger/group-commit.ts'
import { genesisOf } from '../../src/ledger/record.ts'
import type { Store } from '../../src/store/seam/store.ts'
import { ENGINES, type StorePlace } from '../store/engines.ts'
import { fillLedger } from '../store/filled-store.ts'
import { BEGAN, CHAIN, verifyStore } from './ledger.ts'

/** A change of the tables, how it is undone, and what a fault must say. */
type Damage = { readonly what: string; readonly change: string; readonly undo: string; readonly says: RegExp }

const ALICE = "account = x'616c696365'"
const DAMAGES: readonly Damage[] = [
  {
    what: 'an amount of an operation',
    change: "UPDATE ledger_operations SET amount = x'8105' WHERE number = 6",
    undo: "UPDATE ledger_operations SET amount = x'82012c' WHERE number = 6",
    says: /^6: its hash does not match its content$/,
  },
  {
    what: "a caller's key",
    change: "UPDATE ledger_keys SET key = 'other' WHERE number = 5",
    undo: "UPDATE ledger_keys SET key = 'key-4' WHERE number = 5",
    says: /^5: its hash does not match its content$/,
  },
  {
    what: 'a parent hash',
    change: "UPDATE blocks SET parent = x'00' WHERE number = 6",
    undo: 'UPDATE blocks SET parent = (SELECT hash FROM blocks WHERE number = 5) WHERE number = 6',
    says: /^6: its parent hash is not the hash/,
  },
  {
    what: 'a balance',
    change: `UPDATE balances SET amount = x'8107' WHERE ${ALICE}`,
    undo: `UPDATE balances SET amount = x'80' WHERE ${ALICE}`,
    says: /^9: the balance of "alice" in "GILT" is stored as 7, but its operations add up to 0$/,
  },
  {
    what: 'a supply',
    change: "UPDATE assets SET supply = x'8107' WHERE reference = 'GILT'",
    undo: "UPDATE assets SET supply = x'8203b6' WHERE reference = 'GILT'",
    says: /the supply of "GILT" is stored as 7, but its operations add up to 950$/,
  },
  {
    what: 'a missing balance',
    change: `UPDATE balances SET asset = 9 WHERE ${ALICE}`,
    undo: `UPDATE balances SET asset = 1 WHERE ${ALICE}`,
    says: /the balance of \["alice","GILT"\] is missing$/,
  },
  {
    what: 'a change of a balance',
    change: `UPDATE changes SET sum = x'8107' WHERE block = 6 AND ${ALICE}`,
    undo: `UPDATE changes SET sum = x'82012c' WHERE block = 6 AND ${ALICE}`,
    says: /^6: table changes: the operations do not produce this row: .*sum 7$/,
  },
  {
    what: 'a missing transfer',
    change: 'UPDATE transfers SET sub = 1 WHERE block = 7',
    undo: 'UPDATE transfers SET sub = 0 WHERE block = 7',
    says: /^7: table transfers: this row is missing, but the operations produce it: /,
  },
  {
    what: 'a key without an operation',
    change: "INSERT INTO ledger_keys (scope, key, fingerprint, number) VALUES ('s', 'k', 'f', 99)",
    undo: 'DELETE FROM ledger_keys WHERE number = 99',
    says: /^99: table ledger_keys: the operations do not produce this row: scope "s", key "k"/,
  },
  {
    what: 'a count of operations',
    change: 'UPDATE ledger SET moves = moves + 1',
    undo: 'UPDATE ledger SET moves = moves - 1',
    says: /table ledger: the operations do not produce this row: /,
  },
  {
    what: 'a block that is cut',
    change: 'UPDATE blocks SET number = 99 WHERE number = 9',
    undo: 'UPDATE blocks SET number = 9 WHERE number = 99',
    says: /^9: the next block in the record is 99$/,
  },
  {
    what: 'a value that is none of ours',
    change: "UPDATE ledger_operations SET kind = 'gift' WHERE number = 4",
    undo: "UPDATE ledger_operations SET kind = 'mint' WHERE number = 4",
    says: /^4: a row cannot be read: /,
  },
  {
    what: 'an index that is missing',
    change: 'DROP INDEX ledger_wallets',
    undo: "CREATE UNIQUE INDEX ledger_wallets ON ledger_operations (receiver) WHERE kind = 'register_wallet'",
    says: /the schema: index ledger_wallets is missing$/,
  },
  {
    what: 'a view that is added',
    change: 'CREATE VIEW v AS SELECT * FROM balances',
    undo: 'DROP VIEW v',
    says: /the schema: view v does not belong here/,
  },
]

describe.each(ENGINES)('$name', ({ makePlace }) => {
  let place: StorePlace
  let store: Store
  beforeAll(async () => {
    place = await makePlace()
    store = await place.open()
    await fillLedger(store)
  })
  afterAll(() => place.end())

  test('an intact record is verified, and its last block is returned', async () => {
    const { operations, head, faults } = await verifyStore(store)
    expect({ operations, faults, number: head?.number }).toEqual({ operations: 9, faults: [], number: 9 })
    const noted = { number: 4, hash: `0x${'0'.repeat(64)}` }
    expect((await verifyStore(store, [head, noted])).faults).toEqual([
      { block: 4, says: `its hash is not ${noted.hash}, the noted hash` },
    ])
  })

  test('what is damaged is found and named', async () => {
    for (const { what, change, undo, says } of DAMAGES) {
      await place.execRecords(change)
      const { faults } = await verifyStore(store)
      await place.execRecords(undo)
      const lines = faults.map((fault) => `${fault.block === undefined ? '' : `${fault.block}: `}${fault.says}`)
      expect({ what, lines }).toEqual({ what, lines: expect.arrayContaining([expect.stringMatching(says)]) })
    }
    expect((await verifyStore(store)).faults).toEqual([])
  })

  test('an audit sees its snapshot while the ledger is written', async () => {
    const audit = await store.ledgers.openAudit(CHAIN)
    const journal = await store.ledgers.openJournal(CHAIN, genesisOf(CHAIN, BEGAN))
    const later = { operation: { kind: 'register_wallet', wallet: 'later' } as const, idempotency: undefined }
    await commitGroup(journal, [later], { rules: { strictWallets: false }, now: BEGAN })
    await journal.close()
    let blocks = 0
    for await (const _ of audit.blocks()) blocks += 1
    expect([blocks, await audit.sums(9)]).toEqual([10, []])
    await audit.close()
    expect((await verifyStore(store)).operations).toBe(10)
  })

  test('a table that is missing is named', async () => {
    await place.execRecords('DROP TABLE openings')
    const { faults } = await verifyStore(store)
    expect(faults.map(({ says }) => says)).toContain('the schema: table openings is missing')
  })
})
