import { parseArgs } from 'node:util'

/** Reads numbers given as `--name N` (camelCase names become kebab-case). Missing ones come from `defaults`. */
export function numbersFromArguments<Name extends string>(
  defaults: Readonly<Record<Name, number>>,
): Readonly<Record<Name, number>> {
  const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const options = Object.fromEntries(Object.keys(defaults).map((name) => [kebab(name), { type: 'string' as const }]))
  const { values } = parseArgs({ options })
  const numbers: Record<Name, number> = { ...defaults }
  for (const name in defaults) {
    const given = values[kebab(name)]
    if (given === undefined) continue
    const value = Number(given)
    if (!Number.isSafeInteger(value) || value <= 0) {
      process.stderr.write(`--${kebab(name)}: got ${String(given)}, expected a whole number above 0\n`)
      process.exit(2)
    }
    numbers[name] = value
  }
  return numbers
}
