import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'

/** What a check reads and sets of a request. */
export type CheckedRequest = Pick<FastifyRequest, 'id' | 'method' | 'url' | 'headers' | 'ip' | 'caller'>

/** Takes headers of the answer, whether it is a success or an error. */
export type AnswerHeaders = { headers(values: Readonly<Record<string, string>>): unknown }

/** A check of a request before its body is read. It may set headers of the answer. It rejects by an error. */
export type RequestCheck = (request: CheckedRequest, reply: AnswerHeaders) => void | Promise<void>

declare module 'fastify' {
  interface FastifyInstance {
    /** The checks of all calls of this scope, in order. */
    checks: readonly RequestCheck[]
  }
}

/** Adds a check to all calls that are added to this scope afterwards. */
export function addCheck(scope: FastifyInstance, check: RequestCheck): void {
  // An inner scope inherits the checks of the outer ones. This property is its own.
  scope.checks = [...scope.checks, check]
  scope.addHook('onRequest', checkHook(check))
}

/** Returns the hook of a check. A check that returns no promise costs none. */
export function checkHook(check: RequestCheck): onRequestHookHandler {
  return (request: FastifyRequest, reply: FastifyReply, done) => {
    let result: void | Promise<void>
    try {
      result = check(request, reply)
    } catch (error) {
      done(error instanceof Error ? error : new Error('a check threw what is no error', { cause: error }))
      return
    }
    if (result instanceof Promise) result.then(() => done(), done)
    else done()
  }
}
