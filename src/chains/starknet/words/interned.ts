import type { AssetRef } from '../../../core/asset.ts'
import { minimalFelt, parseAddress } from './felt.ts'
import { EVENTS, type EventName } from './selectors.ts'

/** The standards of tokens on Starknet. */
export type TokenStandard = 'erc20' | 'erc721' | 'erc1155'

const NAMES: ReadonlyMap<string, EventName> = new Map(
  Object.entries(EVENTS).map(([name, selector]) => [selector, name as EventName]),
)

/**
 * Caches the canonical form of repeated felts, so that each spelling is parsed once and transfers share one string.
 * Created for each answer, so it never outgrows one.
 */
export class Interned {
  readonly #addresses = new Map<unknown, string | undefined>()
  readonly #names = new Map<unknown, EventName | undefined>(NAMES)
  readonly #assets = {
    erc20: new Map<string, AssetRef>(),
    erc721: new Map<string, AssetRef>(),
    erc1155: new Map<string, AssetRef>(),
  }

  /** The canonical address of a felt; undefined if it is no felt. */
  address(value: unknown): string | undefined {
    const known = this.#addresses.get(value)
    if (known !== undefined || this.#addresses.has(value)) return known
    const address = parseAddress(value)
    this.#addresses.set(value, address)
    return address
  }

  /** The event that a first key names; undefined for all other events. */
  eventName(key: unknown): EventName | undefined {
    const known = this.#names.get(key)
    if (known !== undefined || this.#names.has(key)) return known
    const name = NAMES.get(minimalFelt(key) ?? '')
    this.#names.set(key, name)
    return name
  }

  /** The asset of a contract; `reference` is its canonical address. */
  asset(standard: TokenStandard, reference: string): AssetRef {
    const assets = this.#assets[standard]
    const known = assets.get(reference)
    if (known !== undefined) return known
    const asset: AssetRef = { standard, reference }
    assets.set(reference, asset)
    return asset
  }
}
