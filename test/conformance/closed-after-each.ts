import { afterEach } from 'vitest'

type Closable = { readonly close: () => Promise<unknown> }

/** Returns `start` for the tests of a file: the servers that it starts are closed after each test. */
export function closedAfterEach<Given extends readonly unknown[], Server extends Closable>(
  start: (...given: Given) => Promise<Server>,
): (...given: Given) => Promise<Server> {
  const open: Server[] = []
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close()
  })
  return async (...given) => {
    const server = await start(...given)
    open.push(server)
    return server
  }
}
