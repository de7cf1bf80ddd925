import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** A TLS proxy on `url` (`https://localhost:…`), with a certificate that no authority signed. */
export type TlsProxy = { readonly url: string; stop(): Promise<void> }

const pem = (name: string): Buffer => readFileSync(new URL(`tls/${name}.pem`, import.meta.url))

/** Starts a proxy that ends TLS and forwards each request to a server, as a reverse proxy in front of it does. */
export async function startTlsProxy(target: string): Promise<TlsProxy> {
  const server = createServer({ key: pem('key'), cert: pem('cert') }, (incoming, outgoing) => {
    const headers = {
      ...incoming.headers,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': incoming.headers.host,
      'x-forwarded-for': incoming.socket.remoteAddress,
    }
    const forwarded = request(new URL(incoming.url ?? '/', target), { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    forwarded.on('error', () => outgoing.destroy())
    incoming.pipe(forwarded)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `https://localhost:${port}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
