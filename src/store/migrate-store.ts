import { ServiceError } from '../core/errors.ts'
import { engineOf, partsOf } from './open.ts'
import { isCopied } from './rows/table-lists.ts'
import type { StorePart } from './seam/store-parts.ts'

/** Makes the tables of a part of a store, and brings older ones to this version. Returns how many tables it has. @throws LEASE_HELD */
export async function migratePart(url: string, part: StorePart): Promise<number> {
  const held = await partsOf(url)(part, 'make')
  await held?.close()
  return held?.tables.filter(isCopied).length ?? 0
}

/** As `Engine.distribute`. @throws CONFIG_INVALID the store is in no cluster */
export async function distributePart(url: string, part: StorePart): Promise<readonly string[]> {
  const done = await engineOf(url).distribute?.(url, part)
  if (done !== undefined) return done
  const says = 'store: a folder cannot be spread over servers: name a database with Citus'
  throw new ServiceError('CONFIG_INVALID', says)
}
