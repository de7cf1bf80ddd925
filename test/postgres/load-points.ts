/** The statements of a bulk load's own connection, at any of which something can happen. */
import pg from 'pg'

/**
 * What happens at a statement, named by its number or by its beginning (the first one): nothing of it is sent, or it is done and its
 * answer is lost.
 */
export type Happening = {
  readonly at: number | string
  readonly when: 'before' | 'unanswered'
  readonly act: (client: pg.Client) => void
}

type Query = (this: pg.Client, ...given: unknown[]) => unknown

/**
 * Counts the statements of connections that fill a new schema from here on, and does something at one of them. `told`: each statement.
 * Returns what ends that.
 */
export function watchLoads(
  { at, when, act }: Happening,
  told: (statement: string) => void = () => undefined,
): () => void {
  const original = pg.Client.prototype.query as Query
  const loads = new WeakSet<pg.Client>()
  let count = 0
  let hasHappened = false
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]): unknown {
    const statement = textOf(given[0])
    if (/^CREATE SCHEMA "\w+_next_/.test(statement)) loads.add(this)
    if (!loads.has(this)) return original.apply(this, given)
    told(statement)
    const isHere = typeof at === 'number' ? count++ === at : !hasHappened && statement.startsWith(at)
    if (!isHere) return original.apply(this, given)
    hasHappened = true
    if (when === 'before') {
      act(this)
      return original.apply(this, given)
    }
    const [asked, answer] = given
    return original.call(this, asked, () => {
      act(this)
      const lost = new Error('Connection terminated')
      if (typeof answer === 'function') answer(lost)
    })
  } as typeof pg.Client.prototype.query
  return () => {
    pg.Client.prototype.query = original as typeof pg.Client.prototype.query
  }
}

/** Ends a connection as a network does that fails. */
export function cut(client: pg.Client): void {
  client.connection.stream.destroy()
}

function textOf(asked: unknown): string {
  if (typeof asked === 'string') return asked
  if (typeof asked !== 'object' || asked === null) return ''
  if ('text' in asked && typeof asked.text === 'string') return asked.text
  return asked.constructor.name
}
