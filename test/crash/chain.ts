import { randomFrom } from '../../src/demo/plan.ts'
import { MockChain } from '../chains/mock-chain.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'

/** Blocks of the trunk. Those up to FINALIZED are backfilled. */
export const TRUNK = 600
export const FINALIZED = 560

/** The heads of the live phase, in order: forks of several depths, and a return to the trunk. */
export const HEADS = [`${TRUNK}`, '602a', '603b', '605b', '603c', '606a', '608d'] as const

/** Builds the same chain each time: a trunk, and four branches that fork from it near its end. */
export function makeCrashChain(): MockChain {
  const chain = new MockChain().add('0', undefined)
  const random = randomFrom(7)
  for (let number = 1; number <= TRUNK; number++) chain.add(`${number}`, `${number - 1}`, movements(random))
  const branches = [
    { letter: 'a', fork: 598, last: 606 },
    { letter: 'b', fork: 595, last: 605 },
    { letter: 'c', fork: 600, last: 603 },
    { letter: 'd', fork: 580, last: 608 },
  ]
  for (const { letter, fork, last } of branches) {
    for (let number = fork + 1; number <= last; number++) {
      chain.add(`${number}${letter}`, number === fork + 1 ? `${fork}` : `${number - 1}${letter}`, movements(random))
    }
  }
  return chain
}

function movements(random: () => number): Movement[] {
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]
  return Array.from({ length: Math.floor(random() * 60) }, () => {
    const [asset] = [pick(ASSETS)]
    if (asset === undefined) throw new Error('there are assets')
    return {
      asset,
      from: random() < 0.4 ? undefined : pick(ACCOUNTS),
      to: random() < 0.1 ? undefined : pick(ACCOUNTS),
      amount: BigInt(Math.floor(random() * 1_000)),
      item: Math.floor(random() * 4),
    }
  })
}
