import type { Row } from '../../rows/columns.ts'
import type { OwnConnection, Queries } from '../database.ts'

/**
 * Statements in the tables of a build: those of `before.table` are of another schema, and no table is temporary. Each is sent
 * once the one before is answered: a connection of its own takes one at a time.
 */
export function namedTables(connection: OwnConnection, before: string): Queries {
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(run: (sql: string) => Promise<T>, sql: string): Promise<T> => {
    const named = sql.replaceAll('before.', `${before}.`).replaceAll('TEMP TABLE', 'TABLE')
    const answer = turn.then(() => run(named))
    turn = answer.catch(() => undefined)
    return answer
  }
  const all: Queries['all'] = (sql, ...values) =>
    inTurn((named): Promise<readonly Row[]> => connection.all(named, ...values), sql)
  return {
    all,
    get: async (sql, ...values) => (await all(sql, ...values))[0],
    run: (sql, ...values) => inTurn((named) => connection.run(named, ...values), sql),
  }
}
