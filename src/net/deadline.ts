/** How long work may take, in milliseconds, and a signal that ends it before that. */
export type Bounds = { readonly ms: number; readonly signal: AbortSignal }

/**
 * Runs work with a signal of its own, which fires with the caller's or after `ms`. Nothing is left behind once the work
 * has ended, however long the caller's signal lives.
 */
export async function within<T>({ ms, signal }: Bounds, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stopper = new AbortController()
  // By hand, not AbortSignal.any: that one holds on to each of its signals for as long as the caller's lives.
  const stop = (): void => stopper.abort(signal.reason)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  const timer = setTimeout(() => stopper.abort(new DOMException(`not done in ${ms} ms`, 'TimeoutError')), ms)
  try {
    return await work(stopper.signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}
