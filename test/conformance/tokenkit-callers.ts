import { createUser } from '../../src/access/users.ts'
import type { Store } from '../../src/store/seam/store.ts'
import type { Answered, TokenKitServer } from './tokenkit-server.ts'

export type Headers = Readonly<Record<string, string>>
export type Login = { readonly name: string; readonly password: string }

let lastAddress = 0
/** A caller with an address that no other test uses. The server must trust this machine as a proxy. */
export function stranger(): Headers {
  lastAddress++
  return { 'x-forwarded-for': `198.18.${lastAddress >> 8}.${lastAddress & 255}` }
}

/** Longer than the second for which the server remembers what it read of users and keys. */
const RECHECKED_MS = 1_100
export const rechecked = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, RECHECKED_MS))

/** The calls about users and keys, of a server that `server` returns. */
export function callersOf(server: () => TokenKitServer) {
  const post = (path: string, body: unknown, headers: Headers): Promise<Answered> =>
    server().call(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    })
  const login = ({ name, password }: Login, from = stranger()): Promise<Answered> =>
    post('/api/users/auth/login/', { username: name, password }, from)
  const sessionOf = async (user: Login): Promise<Headers> => {
    const { json } = await login(user)
    return { authorization: `Bearer ${json.token}`, ...stranger() }
  }
  const createKey = (body: unknown, headers: Headers): Promise<Answered> =>
    post('/api/users/auth/create-api-key/', body, headers)
  /** Works in the server's store, as a command would beside it. */
  const inStore = async <T>(work: (store: Store) => Promise<T>): Promise<T> => {
    const store = await server().place.open()
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  }
  /** A new user that no other test uses. */
  const newUser = async (name: string): Promise<Login> => {
    const user = { name, password: 'correct horse' }
    await inStore(async ({ users }) => users.put(await createUser({ ...user, createdAt: 1 })))
    return user
  }
  return { post, login, sessionOf, createKey, inStore, newUser }
}
