import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** The rows of a table that a bulk load built, in a pipe that has half of them: their COPY stops in its middle. */
export class RowsPipe {
  readonly #folder: string
  readonly #table: string
  #file: FileHandle | undefined

  /** `folder`: of the loads of all chains, with one chain. */
  constructor(folder: string, table: string) {
    this.#folder = folder
    this.#table = table
  }

  /** Puts the pipe in the place of the rows, which are built. */
  put(): void {
    const path = this.#path()
    renameSync(path, `${path}.whole`)
    execFileSync('mkfifo', [path])
  }

  /** Waits until somebody reads the rows, and writes half of them. */
  async writeHalf(): Promise<void> {
    while (!this.#isPut()) await wait(5)
    const path = this.#path()
    const rows = readFileSync(`${path}.whole`)
    this.#file = await open(path, 'w')
    await this.#file.write(rows.subarray(0, rows.length / 2))
  }

  async end(): Promise<void> {
    await this.#file?.close()
  }

  #isPut(): boolean {
    return statSync(this.#path(), { throwIfNoEntry: false })?.isFIFO() ?? false
  }

  #path(): string {
    const [chain = ''] = readdirSync(this.#folder)
    return join(this.#folder, chain, 'rows', `${this.#table}.copy`)
  }
}
