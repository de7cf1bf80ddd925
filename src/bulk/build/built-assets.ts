import type { AssetRef } from '../../core/asset.ts'
import { isFungible } from '../../core/standards.ts'
import { Sums } from '../../journal/sums.ts'
import type { AssetDictionary } from '../raw-log/asset-dictionary.ts'
import { grown } from './grown.ts'

/** Assets that have room at first. */
const FIRST_ASSETS = 1024
/** Room grows by a quarter: a hostile chain can have millions of assets, and room that is filled takes memory. */
const GROWTH = 1.25

/**
 * The assets of a build. The log's dictionary also has contracts that were only hinted at, so an asset gets its id, from 1
 * on, when the log first shows that it exists. Ids depend only on what comes before, so they are the same in each build.
 * Assets of a chain that was stored before keep theirs.
 */
export class BuiltAssets {
  transfers = new Float64Array(FIRST_ASSETS)
  holders = new Float64Array(FIRST_ASSETS)
  /** The first block of each asset; -1 if none shows that it exists. */
  firstBlock = new Float64Array(FIRST_ASSETS).fill(-1)
  fungible = new Uint8Array(FIRST_ASSETS)
  /** 1 for an asset with a transfer that cannot be decoded. */
  undecodable = new Uint8Array(FIRST_ASSETS)
  /** What each asset's transfers minted minus what they burnt. */
  readonly supply = new Sums()
  readonly #dictionary: AssetDictionary
  #ids = new Uint32Array(FIRST_ASSETS)
  #indexes = new Uint32Array(FIRST_ASSETS)
  #count = 0

  constructor(dictionary: AssetDictionary) {
    this.#dictionary = dictionary
  }

  /** The first assets of the dictionary have ids already, in its order. Says so before any other asset is met. */
  know(known: number): void {
    for (let index = this.#count; index < known; index++) this.#add(index)
  }

  /** Makes room for all assets of the dictionary, which may have grown. */
  grow(): void {
    const needed = this.#dictionary.count + 1
    if (needed <= this.#ids.length) return
    const size = Math.ceil(GROWTH * needed)
    this.#ids = grown(this.#ids, new Uint32Array(size))
    this.#indexes = grown(this.#indexes, new Uint32Array(size))
    this.transfers = grown(this.transfers, new Float64Array(size))
    this.holders = grown(this.holders, new Float64Array(size))
    this.firstBlock = grown(this.firstBlock, new Float64Array(size).fill(-1))
    this.fungible = grown(this.fungible, new Uint8Array(size))
    this.undecodable = grown(this.undecodable, new Uint8Array(size))
  }

  /** The greatest id. */
  get count(): number {
    return this.#count
  }

  /** The id of an asset that the log shows to exist, by its index of the dictionary; 0 for any other. */
  idOf(index: number): number {
    const id = this.#ids[index] ?? 0
    return (this.firstBlock[id] ?? -1) < 0 ? 0 : id
  }

  /** The id of an asset that a block shows to exist. */
  meet(index: number, block: number): number {
    const id = this.#ids[index] || this.#add(index)
    if ((this.firstBlock[id] ?? -1) < 0) this.firstBlock[id] = block
    return id
  }

  /** The asset with an id. */
  at(id: number): AssetRef {
    return this.#dictionary.at(this.#indexes[id] ?? 0)
  }

  /** The asset with an index of the dictionary. */
  named(index: number): AssetRef {
    return this.#dictionary.at(index)
  }

  #add(index: number): number {
    const id = ++this.#count
    this.#ids[index] = id
    this.#indexes[id] = index
    this.fungible[id] = isFungible(this.#dictionary.at(index).standard) ? 1 : 0
    return id
  }
}
