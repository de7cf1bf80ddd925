import type { ServiceError } from '../core/errors.ts'

/** Told of damage to a file: a STORE_DAMAGED whose message names the file and the remedy. */
export type TellDamage = (error: ServiceError) => void
