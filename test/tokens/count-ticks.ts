/** Counts the ticks of the event loop from now until `stop`, which returns their number. Work that never yields has none. */
export function countTicks(): { readonly stop: () => number } {
  let ticks = 0
  let stopped = false
  const next = (): void => {
    ticks += 1
    if (!stopped) setImmediate(next)
  }
  setImmediate(next)
  return {
    stop: () => {
      stopped = true
      return ticks
    },
  }
}
