import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { WRITER_STEPS, type WriterStep } from '../../src/store/engine/writer-engine.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ENGINES, placeMaker, type StorePlace } from '../store/engines.ts'
import { makeAuditRig } from './audit-chain.ts'
import { liveIn } from './live.ts'

const CHILD = fileURLToPath(new URL('./audit-child.ts', import.meta.url))

async function newPlace(makePlace: () => Promise<StorePlace>): Promise<StorePlace> {
  const place = await makePlace()
  onTestFinished(() => place.end())
  return place
}

/** The facts of a store. Of a reclassification only the token and the block: its evidence depends on when the audit ran. */
async function facts(place: StorePlace): Promise<readonly string[]> {
  const lines = await place.dumpChain(CHAIN)
  const isKept = (cell: string): boolean => cell.startsWith('asset=') || cell.startsWith('block=')
  return lines.map((line) => (line.startsWith('turns ') ? `turns ${line.split(' ').filter(isKept).join(' ')}` : line))
}

test.each(ENGINES)(
  '$name: killed while it adopts, repairs and reclassifies, the audit ends with the same facts as an undisturbed one',
  async ({ makePlace }) => {
    const whole = await newPlace(placeMaker('sqlite'))
    const rig = await makeAuditRig(await whole.open())
    await rig.settle()
    await rig.close()
    const undisturbed = await facts(whole)
    expect(undisturbed.filter((line) => line.startsWith('turns'))).toHaveLength(1)

    const place = await newPlace(makePlace)
    const steps = WRITER_STEPS.filter((step) => /^(adopt|repair|reclassify):/.test(step))
    const died: WriterStep[] = []
    // Reclassification comes last: a run that reaches it has finished all repairs.
    const inOrder = [...steps].sort((a, b) => Number(a.startsWith('reclassify')) - Number(b.startsWith('reclassify')))
    for (const step of inOrder) {
      if (await liveIn(place, [CHILD], { step, count: 1 })) died.push(step)
    }
    expect(await liveIn(place, [CHILD], 'natural')).toBe(false)
    expect(await facts(place)).toEqual(undisturbed)
    expect(new Set(died)).toEqual(new Set(steps))
  },
  120_000,
)
