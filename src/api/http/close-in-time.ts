import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/**
 * Makes `close()` of a server end: connections that never sent a byte are closed at once (Node counts them as busy), one
 * whose last request ends is closed then (Node leaves it to its idle time), and what still hangs after `graceMs`, such as
 * a request that dribbles in or a reader that does not read, is cut.
 */
export function closeInTime(server: FastifyInstance, graceMs: number): void {
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
  server.addHook('onResponse', (_request, _reply, done) => {
    if (closing) server.server.closeIdleConnections()
    done()
  })
}
