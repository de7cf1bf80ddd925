/** A place in PostgreSQL, with a folder for its bulk loads. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { indexStore } from '../bulk/final-chain.ts'
import { placeMaker, type StorePlace } from '../store/engines.ts'

type Run = Partial<Parameters<typeof indexStore>[1]>

export class LoadPlace {
  readonly place: StorePlace
  readonly loadFolder = mkdtempSync(join(tmpdir(), 'steelyard-load-test-'))

  constructor(place: StorePlace) {
    this.place = place
  }

  static async make(): Promise<LoadPlace> {
    return new LoadPlace(await placeMaker('postgres')())
  }

  /** Loads the chain, and returns why that failed. */
  readonly load = async (run: Run = {}): Promise<unknown> => {
    return indexStore(await this.place.open({ loadFolder: this.loadFolder }), { isBulk: true, ...run })
  }

  async end(): Promise<void> {
    await this.place.end()
    rmSync(this.loadFolder, { recursive: true })
  }
}
