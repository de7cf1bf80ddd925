/** How long work may take, in milliseconds, and a signal that can end it earlier. */
export type Bounds = { readonly ms: number; readonly signal: AbortSignal }

/**
 * Runs work with its own signal, which fires with the caller's signal or after `ms`. Removes its timer and listener
 * when the work ends, however long the caller's signal lives.
 */
export async function within<T>({ ms, signal }: Bounds, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stopper = new AbortController()
  // Not AbortSignal.any: it keeps a reference to each of its signals as long as the caller's signal lives.
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
