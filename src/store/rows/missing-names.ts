/** Most missing objects that are named. */
const MAX_NAMED = 10

/** The missing objects of a store as words for a message: some of them, if they are many. */
export function missingNames(names: readonly string[]): string {
  return (names.length > MAX_NAMED ? [...names.slice(0, MAX_NAMED), 'and others'] : names).join(', ')
}
