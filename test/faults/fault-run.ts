import { setTimeout as sleep } from 'node:timers/promises'
import { Draw } from '../../src/demo/draw.ts'
import { newPlace } from '../store/engines.ts'
import { type Asking, ask } from './clients.ts'
import type { Question } from './questions.ts'
import { ServerChild } from './server-child.ts'
import { Tally } from './tally.ts'
import type { World } from './world.ts'

/**
 * How long and how hard the run is. The same seed gives the same chain, moods and questions; their timing depends on
 * the machine.
 */
export type FaultRunOptions = {
  readonly seconds: number
  readonly seed: number
  /** Milliseconds between two blocks. */
  readonly blockMs: number
  /** How many clients ask all the time. */
  readonly clients: number
  /** Seconds between two kills, on average. */
  readonly killEvery: number
  readonly say: (line: string) => void
}

export type FaultRunResult = {
  readonly tally: Tally
  readonly kills: number
  /** Reorgs by size. */
  readonly reorgs: ReadonlyMap<string, number>
  readonly blocks: number
  readonly happened: ReadonlyMap<string, number>
  /** Failures besides untrue answers. Empty if all is well. */
  readonly failures: readonly string[]
  /** The server's log, over all its starts. */
  readonly log: string
}

/** Time to find the odd tokens. It takes some seconds, but indexers have the lowest priority on a busy machine. */
const LEARNING_MS = 150_000
/** One reorg in this many blocks; most are shallow. */
const REORG_EVERY = 10
const CLIENT_PAUSE_MS = 25

/**
 * Runs the compiled server on a simulated chain. Its nodes lag, lie and fail, and the server is killed again and again,
 * while clients ask all the time. Each answer is compared with the chain's state at the block that it names. At the end
 * the faults stop. Then everything must be right within the world's time, and `verify` must find all equal.
 */
export async function runFaults(world: World, options: FaultRunOptions): Promise<FaultRunResult> {
  const server = new ServerChild(await newPlace(), {
    chains: [world.chain],
    dialects: world.questions.dialects(world.chain.id),
  })
  const run = new FaultRun(world, server, options)
  try {
    await run.learn()
    await run.endure()
    await run.settle()
    return run.result()
  } finally {
    await server.remove()
    await world.stop()
  }
}

class FaultRun {
  readonly #world: World
  readonly #server: ServerChild
  readonly #options: FaultRunOptions
  /** Each has its own choices, so that their order does not depend on who comes first. */
  readonly #draws: { readonly questions: Draw; readonly blocks: Draw; readonly kills: Draw }
  readonly #tally = new Tally()
  readonly #failures: string[] = []
  readonly #asking: Asking
  /** Reorgs by size. */
  readonly #reorgs = new Map<string, number>()
  #growing = true

  constructor(world: World, server: ServerChild, options: FaultRunOptions) {
    this.#world = world
    this.#server = server
    this.#options = options
    const { seed } = options
    this.#draws = { questions: new Draw(seed + 2), blocks: new Draw(seed + 3), kills: new Draw(seed + 4) }
    const { truth, toldAfter, questions } = world
    this.#asking = { url: () => server.url, key: () => server.key, questions, truth, tally: this.#tally, toldAfter }
  }

  /** Runs without faults until the server knows which tokens are odd. */
  async learn(): Promise<void> {
    this.#world.calm()
    await this.#start()
    const deadline = Date.now() + LEARNING_MS
    let unknown = this.#world.odd()
    while (unknown.length > 0 && Date.now() < deadline) {
      await this.#world.grow()
      await sleep(this.#options.blockMs)
      const odd = this.#world.odd()
      const known = await Promise.all(odd.map((token) => this.#isRead(token)))
      unknown = odd.filter((_, place) => known[place] !== true)
    }
    if (unknown.length > 0) this.#failures.push(`not found to be odd in time: ${unknown.join(' ')}`)
    this.#options.say(`learned which tokens are odd, except ${unknown.length}`)
    this.#world.expectKnown()
  }

  /** Runs with all faults, kills and reorgs. */
  async endure(): Promise<void> {
    const { seconds, clients, killEvery, say } = this.#options
    const { questions } = this.#world
    const { kills } = this.#draws
    const endsAt = Date.now() + seconds * 1_000
    this.#world.trouble()
    const running = (): boolean => Date.now() < endsAt
    const asking = Array.from({ length: clients }, async () => {
      while (running()) {
        await ask(this.#asking, questions.draw(this.#draws.questions, this.#world.subjects()))
        await sleep(CLIENT_PAUSE_MS)
      }
    })
    const growing = this.#keepGrowing(running)
    while (running()) {
      await sleep(Math.min(endsAt - Date.now(), kills.between(killEvery * 500, killEvery * 1_500)))
      if (!running()) break
      await this.#server.end('SIGKILL')
      await sleep(kills.oneIn(3) ? kills.below(3_000) : 0)
      await this.#start()
      say(`kill ${this.#server.kills}: block ${this.#world.head().number}, ${this.#totals()}`)
    }
    this.#growing = false
    await Promise.all([...asking, growing])
  }

  /**
   * Runs without faults at an unchanged head: everything must be right within the world's time, and `verify` must find all
   * equal.
   */
  async settle(): Promise<void> {
    this.#world.calm()
    const { settlingMs } = this.#world
    const deadline = Date.now() + settlingMs
    const late = `${settlingMs / 1_000} s after the faults`
    let open = this.#world.questions.everything(this.#world.subjects())
    while (open.length > 0 && Date.now() < deadline) {
      const left: Question[] = []
      for (const question of open) {
        const { verdict, hash } = await ask(this.#asking, { ...question, name: `settling: ${question.name}` })
        // A correct rejection names no block.
        if (verdict !== 'true' || (hash ?? this.#world.head().hash) !== this.#world.head().hash) left.push(question)
      }
      open = left
      if (open.length > 0) await sleep(500)
    }
    for (const question of open.slice(0, 10)) this.#failures.push(`not right ${late}: ${question.path}`)
    if (open.length > 10) this.#failures.push(`and ${open.length - 10} more`)
    // Amounts in doubt would be left out of what `verify` compares.
    while ((await this.#isInDoubt()) && Date.now() < deadline) await sleep(500)
    if (await this.#isInDoubt()) this.#failures.push(`still in doubt ${late}`)
    const { tokens } = this.#world.subjects()
    const odd = this.#world.odd()
    const reads = await Promise.all(tokens.map((token) => this.#isRead(token)))
    const read = tokens.filter((token, at) => reads[at] === true && !odd.includes(token))
    this.#options.say(`read although their events report their balances: ${read.length} of ${tokens.length} tokens`)
    const { code, out, err } = await this.#server.run('verify')
    this.#options.say(`verify: exit code ${code}\n${out}`)
    if (code !== 0) this.#failures.push(`verify ended with ${code}: ${out} ${err}`)
  }

  result(): FaultRunResult {
    return {
      tally: this.#tally,
      kills: this.#server.kills,
      reorgs: this.#reorgs,
      blocks: this.#world.head().number,
      happened: this.#world.happened(),
      failures: this.#failures,
      log: this.#server.log,
    }
  }

  #totals(): string {
    const names = ['true', 'unknown', 'away', 'not yet known', 'untrue', 'unexpected'] as const
    return names.map((name) => `${name} ${this.#tally.total(name)}`).join(', ')
  }

  async #keepGrowing(running: () => boolean): Promise<void> {
    while (running() && this.#growing) {
      await sleep(this.#options.blockMs)
      const { depth, blocks } = this.#world.drawReorg(this.#draws.blocks)
      if (this.#draws.blocks.oneIn(REORG_EVERY) && depth < this.#world.unsettled()) {
        await this.#world.reorganize(depth, blocks)
        this.#reorgs.set(sizeOf(depth), (this.#reorgs.get(sizeOf(depth)) ?? 0) + 1)
      } else {
        await this.#world.grow()
      }
    }
  }

  async #start(): Promise<void> {
    this.#world.forgetTold()
    await this.#server.start()
  }

  async #isInDoubt(): Promise<boolean> {
    const response = await fetch(`${this.#server.url}/health`)
    const { chains } = Object(await response.json())
    return Object(Object(chains[0]).audit).in_doubt !== undefined
  }

  async #isRead(token: string): Promise<boolean> {
    const { questions, subjects } = this.#world
    const response = await fetch(this.#server.url + questions.accounting(token, subjects()), {
      headers: { [questions.keyHeader]: this.#server.key },
    })
    const asOf = response.headers.get('balance-as-of') ?? ''
    return questions.isRead({ status: response.status, asOf, body: await response.json() })
  }
}

/** The size of a reorg, as the report counts it. */
function sizeOf(depth: number): string {
  const size = [1_000, 50, 10, 2].find((least) => depth >= least)
  return size === undefined ? 'of 1 block' : `of ${size} blocks or more`
}
