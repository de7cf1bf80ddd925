import type { ServiceError } from '../../core/errors.ts'

/** Receives a STORE_DAMAGED or STORE_REPLACED error whose message names the file and the remedy. */
export type OnDamage = (error: ServiceError) => void
