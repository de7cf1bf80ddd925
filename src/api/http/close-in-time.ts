import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/**
 * Makes sure that `close()` of a server ends. Connections that never sent a byte are closed at once (Node counts them
 * as busy). After `close()`, a connection closes when its last request ends (Node would wait for its idle timeout).
 * After `graceMs` all remaining connections are destroyed, for example slow senders and clients that do not read. Call
 * the returned function at the end of each answer that does not pass Fastify's hooks.
 */
export function closeInTime(server: FastifyInstance, graceMs: number): () => void {
  const open = new Set<Socket>()
  let closing = false
  server.server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  server.addHook('preClose', (done) => {
    closing = true
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy()
    const cut = setTimeout(() => server.server.closeAllConnections(), graceMs)
    server.server.once('close', () => clearTimeout(cut))
    done()
  })
  const answered = (): void => {
    if (closing) server.server.closeIdleConnections()
  }
  server.addHook('onResponse', (_request, _reply, done) => {
    answered()
    done()
  })
  return answered
}
