import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { ChainConfig } from '../config/chains.ts'
import { ServiceError } from '../core/errors.ts'
import type { TlsIdentity } from '../core/tls-identity.ts'

/**
 * Reads the certificate for a chain's nodes, if it has one. `id`: whose it is, for messages.
 * @throws CONFIG_INVALID naming a file that cannot be read, or saying that certificate and key do not fit
 */
export function readTls({
  id,
  tls,
}: {
  readonly id: string
  readonly tls: ChainConfig['tls']
}): TlsIdentity | undefined {
  if (tls === undefined) return undefined
  const identity = {
    cert: readPem(tls.cert),
    key: readPem(tls.key),
    ca: tls.ca === undefined ? undefined : readPem(tls.ca),
  }
  try {
    createSecureContext(identity)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unreadable'
    throw new ServiceError('CONFIG_INVALID', `tls of ${id}: ${tls.cert} and ${tls.key} cannot be used: ${reason}`, {
      cause,
    })
  }
  return identity
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unreadable'
    throw new ServiceError('CONFIG_INVALID', `tls: ${file} cannot be read: ${reason}`, { cause })
  }
}
