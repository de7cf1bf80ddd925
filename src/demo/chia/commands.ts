import { type ChildProcess, spawn } from 'node:child_process'
import { assert } from '../../core/assert.ts'

/** A call of a method of another process's object. */
type Command = { readonly id: number; readonly name: string; readonly args: readonly unknown[] }
type Reply = { readonly id: number; readonly result?: unknown; readonly error?: string }

/** The methods of an object. */
type Methods<T> = { readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => R : never }

/** An object in a process of its own, whose end does not end this one. */
export type Remote<T> = {
  /** Calls a method there. Rejects if it throws, or if the process has ended. */
  readonly call: <K extends keyof T & string>(
    name: K,
    ...args: Parameters<Methods<T>[K]>
  ) => Promise<Awaited<ReturnType<Methods<T>[K]>>>
  /** Ends the process. */
  readonly stop: () => Promise<void>
}

/** Answers calls of this process's parent with the methods of an object, and ends with the parent. */
export function answerParent(object: object): void {
  const send = (reply: Reply): void => void process.send?.(reply)
  process.on('message', (command: Command) => {
    const { id, name, args } = command
    const method: unknown = Reflect.get(object, name)
    Promise.resolve()
      .then(() => {
        assert(typeof method === 'function', `${name} is a method`)
        return Reflect.apply(method, object, args)
      })
      .then(
        (result: unknown) => send({ id, result }),
        (error: unknown) =>
          send({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      )
  })
  process.on('disconnect', () => process.exit(0))
  // Ctrl-C reaches this process too. The parent ends it.
  process.on('SIGINT', () => undefined)
  send({ id: READY })
}

const READY = 0

/** Starts a module, `.ts` in a checkout and `.js` in a build, that calls `answerParent`. */
export async function startRemote<T>(module: URL, options: unknown): Promise<Remote<T>> {
  const args = [...(module.pathname.endsWith('.ts') ? ['--import', 'tsx'] : []), module.pathname]
  const child = spawn(process.execPath, [...args, JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  })
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  let next = READY
  let ended = false
  const wait = <R>(): Promise<R> => {
    const id = next++
    return new Promise<R>((resolve, reject) => waiting.set(id, { resolve, reject }))
  }
  child.on('message', ({ id, result, error }: Reply) => {
    const one = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) one?.resolve(result as never)
    else one?.reject(new Error(error))
  })
  child.on('exit', (code, signal) => {
    ended = true
    for (const { reject } of waiting.values()) reject(new Error(`the simulator has ended: ${signal ?? code}`))
    waiting.clear()
  })
  await wait<void>()
  return {
    call: (name, ...values) => {
      if (ended) return Promise.reject(new Error('the simulator has ended'))
      const id = next
      const answer = wait<Awaited<ReturnType<Methods<T>[typeof name]>>>()
      child.send({ id, name, args: values } satisfies Command)
      return answer
    },
    stop: () => stop(child, () => ended),
  }
}

async function stop(child: ChildProcess, hasEnded: () => boolean): Promise<void> {
  if (hasEnded()) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  await gone
}
