import type { FastifyRequest } from 'fastify'

/** The characters of a host name or an IP address, with a port. */
const HOST = /^[0-9A-Za-z.:[\]-]{1,255}$/
const PROTOCOL = /^https?$/

/**
 * Returns the origin at which the caller reached this server, for URLs that the caller can follow. A host or a protocol
 * that is none, which a caller may send to change what others see, is replaced.
 */
export function originOfServer({ protocol, host }: Pick<FastifyRequest, 'protocol' | 'host'>): string {
  return `${PROTOCOL.test(protocol) ? protocol : 'http'}://${HOST.test(host) ? host : 'localhost'}`
}
