import type { ServiceError } from '../../core/errors.ts'

/** Told of a damaged or replaced file: a STORE_DAMAGED or STORE_REPLACED whose message names the file and the remedy. */
export type OnDamage = (error: ServiceError) => void
