import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type ServeProcess, startServe, steelyard } from '../e2e/steelyard.ts'
import type { StorePlace } from '../store/engines.ts'

/** How a process that was started with `serve` is ended. */
type Signal = 'SIGKILL' | 'SIGINT'

/** The compiled server with its own store. The test can kill it and start it again. */
export class ServerChild {
  readonly #place: StorePlace
  readonly #folder: string
  readonly #file: string
  #process: ServeProcess | undefined
  kills = 0
  #ended = ''
  /** The key of the clients; empty before the first start. */
  key = ''

  constructor(place: StorePlace, config: object) {
    this.#place = place
    this.#folder = mkdtempSync(join(tmpdir(), 'steelyard-faults-'))
    this.#file = join(this.#folder, 'steelyard.yaml')
    writeFileSync(this.#file, stringify({ listen: { port: 0 }, store: place.url, ...config }))
  }

  /** Its address. Undefined if it is not up. */
  get url(): string | undefined {
    return this.#process?.url
  }

  /** Its log, over all starts. */
  get log(): string {
    return this.#ended + (this.#process?.log() ?? '')
  }

  async start(): Promise<void> {
    if (this.key === '') this.key = (await this.run('keys', 'create', '--name', 'clients')).out.trim()
    this.#process = await startServe(this.#file)
  }

  async end(signal: Signal): Promise<number | null> {
    const running = this.#process
    this.#ended = this.log
    this.#process = undefined
    if (signal === 'SIGKILL') this.kills += 1
    return running === undefined ? null : await running.end(signal)
  }

  /** Runs another command of the compiled program on the same configuration. */
  run(...args: readonly string[]): ReturnType<typeof steelyard> {
    return steelyard([...args, '--config', this.#file])
  }

  /** Stops it, if it runs, and deletes its store. */
  async remove(): Promise<void> {
    await this.end('SIGINT')
    rmSync(this.#folder, { recursive: true, force: true })
    await this.#place.end()
  }
}
