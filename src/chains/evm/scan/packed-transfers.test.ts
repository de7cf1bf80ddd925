/** Runs the tests of reading transfers again, with ranges read as a bulk load reads them. */
import { describe } from 'vitest'
import { readAsRecords } from '../../../../test/chains/packed-adapter.ts'

readAsRecords()

describe('nodes that lie', async () => void (await import('../transfers/lies.test.ts')))
describe('nodes that refuse', async () => void (await import('../transfers/fallbacks.test.ts')))
describe('answers that are cut', async () => void (await import('../transfers/whole-range.test.ts')))
describe('receipts', async () => void (await import('../transfers/receipts.test.ts')))
describe('filters that leave logs out', async () => void (await import('../transfers/distrust.test.ts')))
describe('the adapter', async () => void (await import('../adapter.test.ts')))
