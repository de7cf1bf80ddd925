/**
 * Gathers what is added in one tick of the event loop. At the tick's end `run` gets all of it, in the order of the calls. `run` must
 * not throw.
 */
export function gatherPerTick<T>(run: (gathered: readonly T[]) => void): (one: T) => void {
  const gathered: T[] = []
  return (one) => {
    if (gathered.push(one) > 1) return
    setImmediate(() => run(gathered.splice(0)))
  }
}
