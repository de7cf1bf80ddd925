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

/** The longest time that something waits for the run before its own to begin, in milliseconds. */
const MAX_WAIT_MS = 5

/**
 * As `gatherPerTick`, but what is added while a run begins waits until it has begun, or has ended, and is gathered until then: the
 * more there is to do, the more is done by one run. `run` calls `began` when its usual part is done. It must not reject.
 */
export function gatherWhileBusy<T>(
  run: (gathered: readonly T[], began: () => void) => Promise<void>,
): (one: T) => void {
  let gathered: T[] = []
  let isScheduled = false
  let isBusy = false
  const schedule = (): void => {
    if (isScheduled || isBusy || gathered.length === 0) return
    isScheduled = true
    setImmediate(() => void next())
  }
  const next = async (): Promise<void> => {
    const taken = gathered
    gathered = []
    isScheduled = false
    isBusy = true
    let hasBegun = false
    const began = (): void => {
      if (hasBegun) return
      hasBegun = true
      clearTimeout(timer)
      isBusy = false
      schedule()
    }
    const timer = setTimeout(began, MAX_WAIT_MS)
    await run(taken, began)
    began()
  }
  return (one) => {
    gathered.push(one)
    schedule()
  }
}
