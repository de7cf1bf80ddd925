import { setTimeout as sleep } from 'node:timers/promises'
import { drawQuestion, holdersOf, nativeOf, type Question, tokensOf } from './chainbase.ts'
import { type Asking, ask } from './clients.ts'
import { Draw } from './draw.ts'
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
  readonly reorgs: number
  readonly blocks: number
  readonly happened: ReadonlyMap<string, number>
  /** Failures besides untrue answers. Empty if all is well. */
  readonly failures: readonly string[]
  /** The server's log since its last start. */
  readonly log: string
}

/** Time to find the odd tokens, and time until all answers are right once the faults are over. */
const LEARNING_MS = 60_000
const SETTLING_MS = 60_000
/** One reorg in this many blocks; most are shallow. */
const REORG_EVERY = 10
const CLIENT_PAUSE_MS = 25

/**
 * Runs the compiled server on a simulated chain. Its nodes lag, lie and fail, and the server is killed again and again,
 * while clients ask all the time. Each answer is compared with the chain's state at the block that it names. At the end
 * the faults stop. Then everything must be right within a minute, and `verify` must find all equal.
 */
export async function runFaults(world: World, options: FaultRunOptions): Promise<FaultRunResult> {
  const server = new ServerChild({
    chains: [world.chain],
    dialects: { chainbase: { demo_key: true, balance: 'decimal' } },
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
  readonly #draw: Draw
  readonly #tally = new Tally()
  readonly #failures: string[] = []
  readonly #asking: Asking
  #reorgs = 0
  #growing = true

  constructor(world: World, server: ServerChild, options: FaultRunOptions) {
    this.#world = world
    this.#server = server
    this.#options = options
    this.#draw = new Draw(options.seed + 2)
    const { truth, toldAfter } = world
    this.#asking = { url: () => server.url, truth, tally: this.#tally, toldAfter }
  }

  /** Runs without faults until the server knows which tokens are odd. */
  async learn(): Promise<void> {
    this.#world.calm()
    await this.#start()
    const deadline = Date.now() + LEARNING_MS
    let unknown = this.#world.odd()
    while (unknown.length > 0 && Date.now() < deadline) {
      this.#world.grow()
      await sleep(this.#options.blockMs)
      const odd = this.#world.odd()
      const known = await Promise.all(odd.map((token) => this.#isRead(token)))
      unknown = odd.filter((_, place) => known[place] !== true)
    }
    if (unknown.length > 0) this.#failures.push(`not found to be odd within a minute: ${unknown.join(' ')}`)
    this.#options.say(`learned which tokens are odd, except ${unknown.length}`)
    this.#world.expectKnown()
  }

  /** Runs with all faults, kills and reorgs. */
  async endure(): Promise<void> {
    const { seconds, clients, killEvery, say } = this.#options
    const endsAt = Date.now() + seconds * 1_000
    this.#world.trouble()
    const running = (): boolean => Date.now() < endsAt
    const asking = Array.from({ length: clients }, async () => {
      while (running()) {
        await ask(this.#asking, drawQuestion(this.#draw, this.#world.subjects()))
        await sleep(CLIENT_PAUSE_MS)
      }
    })
    const growing = this.#keepGrowing(running)
    while (running()) {
      await sleep(Math.min(endsAt - Date.now(), this.#draw.between(killEvery * 500, killEvery * 1_500)))
      if (!running()) break
      await this.#server.end('SIGKILL')
      await sleep(this.#draw.oneIn(3) ? this.#draw.below(3_000) : 0)
      await this.#start()
      say(`kill ${this.#server.kills}: block ${this.#world.head().number}, ${this.#totals()}`)
    }
    this.#growing = false
    await Promise.all([...asking, growing])
  }

  /**
   * Runs without faults at an unchanged head: everything must be right within a minute, and `verify` must find all
   * equal.
   */
  async settle(): Promise<void> {
    this.#world.calm()
    const deadline = Date.now() + SETTLING_MS
    let open = this.#everything()
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
    for (const question of open.slice(0, 10))
      this.#failures.push(`not right a minute after the faults: ${question.path}`)
    if (open.length > 10) this.#failures.push(`and ${open.length - 10} more`)
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

  #everything(): readonly Question[] {
    const { accounts, tokens } = this.#world.subjects()
    return [
      ...accounts.flatMap((account) => [nativeOf(account), tokensOf(account), tokensOf(account, tokens.slice(0, 100))]),
      ...tokens.map((token) => holdersOf(token, { offset: 0, limit: 100, withAmounts: true })),
    ]
  }

  async #keepGrowing(running: () => boolean): Promise<void> {
    while (running() && this.#growing) {
      await sleep(this.#options.blockMs)
      const depth = this.#draw.oneIn(4) ? this.#draw.between(1, 30) : this.#draw.between(1, 3)
      if (this.#draw.oneIn(REORG_EVERY) && depth < this.#world.unsettled()) {
        // Sometimes the new branch is no higher for a while, or one block lower.
        this.#world.reorganize(depth, Math.max(1, depth + this.#draw.between(-1, 2)))
        this.#reorgs += 1
      } else {
        this.#world.grow()
      }
    }
  }

  async #start(): Promise<void> {
    this.#world.forgetTold()
    await this.#server.start()
  }

  async #isRead(token: string): Promise<boolean> {
    const path = `/v1/token/metadata?chain_id=1&contract_address=${token}`
    const response = await fetch(this.#server.url + path, { headers: { 'x-api-key': 'demo' } })
    const body: unknown = await response.json()
    const { data } = Object(body)
    return Object(data).accounting === 'reads'
  }
}
