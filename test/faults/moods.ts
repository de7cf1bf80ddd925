import type { Draw } from '../../src/demo/draw.ts'
import type { Arrived } from '../nodes/scripted-node.ts'
import { ODD_ANSWERS, type OddAnswer } from './odd-answers.ts'
import { befalls, FAULTS, type FaultName, type FaultSource } from './proxy.ts'

/** How a node behaves for a while. */
export type Mood = {
  readonly name: string
  /** One request in this many gets a fault from the list, if one of the faults applies to it. */
  readonly every: number
  readonly faults: readonly FaultName[]
  readonly odd: readonly OddAnswer[]
  /** How late the node sees a new block, in milliseconds. */
  readonly lateMs: readonly [least: number, most: number]
}

const TRANSPORT: readonly FaultName[] = ['reset', 'half', 'cut JSON', 'no JSON', 'HTTP 503', 'HTTP 504']
const PACE: readonly FaultName[] = ['HTTP 429', 'pace']
const LIES: readonly FaultName[] = FAULTS.slice(FAULTS.indexOf('no logs'), FAULTS.indexOf('logs of another block') + 1)
const REFUSALS: readonly FaultName[] = FAULTS.slice(FAULTS.indexOf('range refused'))

const quick = [0, 500] as const
/** A sound node sees blocks at once, and answers. */
export const SOUND: Mood = { name: 'sound', every: 1, faults: [], odd: [], lateMs: [0, 100] }

/** All moods. A mood that is listed twice is likelier. */
export const MOODS: readonly Mood[] = [
  SOUND,
  { ...SOUND, name: 'late', lateMs: [500, 4_000] },
  { ...SOUND, name: 'far behind', lateMs: [5_000, 15_000] },
  { name: 'shaky', every: 4, faults: [...TRANSPORT, 'lagging'], odd: [], lateMs: quick },
  { name: 'down', every: 1, faults: ['reset'], odd: [], lateMs: quick },
  { name: 'hanging', every: 3, faults: ['hang'], odd: [], lateMs: quick },
  { name: 'pacing', every: 2, faults: PACE, odd: [], lateMs: quick },
  { name: 'lying', every: 2, faults: LIES, odd: [], lateMs: quick },
  { name: 'lying', every: 3, faults: LIES, odd: ['every third log missing'], lateMs: quick },
  { name: 'refusing', every: 3, faults: REFUSALS, odd: [], lateMs: quick },
  { name: 'odd', every: 3, faults: [], odd: ODD_ANSWERS, lateMs: quick },
]

/** The mood of a node, which decides the faults of its requests. */
export class Moody implements FaultSource {
  readonly #draw: Draw
  mood: Mood = SOUND
  /** Faults that happened, by name. */
  readonly happened = new Map<string, number>()

  constructor(draw: Draw) {
    this.#draw = draw
  }

  below(n: number): number {
    return this.#draw.below(n)
  }

  draw(arrived: Arrived, isRight: boolean): FaultName | undefined {
    const { faults, every } = this.mood
    if (faults.length === 0 || !this.#draw.oneIn(every)) return undefined
    const possible = faults.filter((name) => befalls(name, arrived) && !(isRight && name === 'other chain'))
    return possible.length === 0 ? undefined : this.#note(this.#draw.of(possible))
  }

  /** The odd answer that a reply gets besides the fault, if any. */
  drawOdd(): OddAnswer | undefined {
    const { odd, every } = this.mood
    return odd.length === 0 || !this.#draw.oneIn(every) ? undefined : this.#note(this.#draw.of(odd))
  }

  #note<T extends string>(name: T): T {
    this.happened.set(name, (this.happened.get(name) ?? 0) + 1)
    return name
  }
}
