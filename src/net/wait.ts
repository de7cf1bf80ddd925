import { ServiceError } from '../core/errors.ts'

/** The error of work that was stopped by its signal. */
export function aborted(signal: AbortSignal): ServiceError {
  return new ServiceError('ABORTED', 'Stopped', { cause: signal.reason })
}

/** @throws ABORTED the signal has fired */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw aborted(signal)
}

/** Resolves after this many milliseconds. @throws ABORTED, always by its promise, as soon as the signal fires */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  throwIfAborted(signal)
  if (ms <= 0) return
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(aborted(signal))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })
}

/** How pauses grow: the n-th is somewhere between 0 and `baseMs` × 2^(n-1), never above `maxMs`. */
export type Pauses = { readonly baseMs: number; readonly maxMs: number }

/**
 * The n-th pause (from 1) in milliseconds, with full jitter: callers that failed together do not come back together.
 * `random` is from 0 to 1. Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function pauseMs(n: number, pauses: Pauses, random: number): number {
  return Math.ceil(random * Math.min(pauses.maxMs, pauses.baseMs * 2 ** Math.min(n - 1, 30)))
}
