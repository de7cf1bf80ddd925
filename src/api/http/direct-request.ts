import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'
import type { Caller } from '../../access/keys.ts'
import type { CheckedRequest } from './checks.ts'

/** Returns the address of a caller. */
export type AddressOf = (raw: IncomingMessage) => string

/** Returns the reader of callers' addresses: that of the connection, or the one that a trusted proxy names, as Fastify's. */
export function addressReader(trustProxy: readonly string[]): AddressOf {
  if (trustProxy.length === 0) return (raw) => raw.socket.remoteAddress ?? ''
  const isTrusted = proxyAddr.compile([...trustProxy])
  return (raw) => proxyAddr(raw, isTrusted)
}

/** A request that Fastify does not see. */
export class DirectRequest implements CheckedRequest {
  readonly id: string
  readonly url: string
  caller: Caller | undefined
  readonly #raw: IncomingMessage
  readonly #addressOf: AddressOf

  constructor(
    raw: IncomingMessage,
    { requestId, addressOf }: { readonly requestId: () => string; readonly addressOf: AddressOf },
  ) {
    this.#raw = raw
    this.id = requestId()
    this.url = raw.url ?? ''
    this.caller = undefined
    this.#addressOf = addressOf
  }

  get method(): string {
    return this.#raw.method ?? ''
  }

  get headers(): IncomingHttpHeaders {
    return this.#raw.headers
  }

  get ip(): string {
    return this.#addressOf(this.#raw)
  }
}
