import type { AdapterMemory } from '../../account-reader.ts'
import { type Lead, leadText, parseLead } from '../puzzles/lead.ts'
import type { Hex } from '../words/hex.ts'

/** Every lead that was ever seen, numbered from 1 in the order of the memory. */
export class LeadBook {
  readonly #memory: AdapterMemory
  readonly #leads: Lead[] = []
  readonly #names = new Set<string>()
  /** How many texts of the memory were read. */
  #read = 0

  constructor(memory: AdapterMemory = inProcess()) {
    this.#memory = memory
  }

  /** The leads above a number, with what other processes added. @throws STORE_UNAVAILABLE */
  async since(after: number): Promise<readonly Lead[]> {
    const texts = await this.#memory.since(this.#read)
    this.#read += texts.length
    for (const text of texts) {
      const lead = parseLead(text)
      // A place is kept for what cannot be read, so that numbers stay the same.
      this.#leads.push(lead ?? NONE)
      this.#names.add(text)
    }
    return this.#leads.slice(after).filter((lead) => lead !== NONE)
  }

  /** How many there are. */
  async count(): Promise<number> {
    await this.since(0)
    return this.#leads.length
  }

  /** The leads of one CAT; at least the one without a hidden puzzle. */
  async of(tail: Hex): Promise<readonly Lead[]> {
    const plain: Lead = { tail, hidden: undefined }
    const known = (await this.since(0)).filter((lead) => lead.tail === tail)
    return known.some(({ hidden }) => hidden === undefined) ? known : [plain, ...known]
  }

  /** Adds leads. Returns those that were not there. */
  async add(leads: Iterable<Lead>): Promise<readonly Lead[]> {
    const fresh = new Map<string, Lead>()
    for (const lead of leads) {
      const name = leadText(lead)
      if (!this.#names.has(name)) fresh.set(name, lead)
    }
    if (fresh.size > 0) {
      await this.#memory.add([...fresh.keys()])
      await this.since(0)
    }
    return [...fresh.values()]
  }
}

const NONE: Lead = { tail: '', hidden: undefined }

function inProcess(): AdapterMemory {
  const texts: string[] = []
  return {
    since: async (after) => texts.slice(after),
    add: async (more) => {
      for (const text of more) if (!texts.includes(text)) texts.push(text)
    },
  }
}
