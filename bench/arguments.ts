import { parseArgs } from 'node:util'

/**
 * Reads numbers given as `--name N` (camelCase names become kebab-case). Missing ones come from `defaults`. `choices`:
 * names of options that are no numbers, which `choiceFromArguments` reads; `flags`: those without a value.
 */
export function numbersFromArguments<Name extends string>(
  defaults: Readonly<Record<Name, number>>,
  choices: readonly string[] = [],
  flags: readonly string[] = [],
): Readonly<Record<Name, number>> {
  const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const names = [...Object.keys(defaults).map(kebab), ...choices]
  const options: Record<string, { type: 'string' | 'boolean' }> = Object.fromEntries([
    ...names.map((name) => [name, { type: 'string' as const }] as const),
    ...flags.map((name) => [name, { type: 'boolean' as const }] as const),
  ])
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

/** True if `--name` is given. */
export function flagFromArguments(name: string): boolean {
  return parseArgs({ options: { [name]: { type: 'boolean' } }, strict: false }).values[name] === true
}

/** Reads one of some words, given as `--name word`. The first one is the default. */
export function choiceFromArguments<Word extends string>(name: string, words: readonly [Word, ...Word[]]): Word {
  const { values } = parseArgs({ options: { [name]: { type: 'string' } }, strict: false })
  const given = values[name]
  if (given === undefined) return words[0]
  const word = words.find((one) => one === given)
  if (word !== undefined) return word
  process.stderr.write(`--${name}: got ${String(given)}, expected ${words.join(' or ')}\n`)
  process.exit(2)
}

/** Reads text given as `--name text`; undefined if it is not given. */
export function textFromArguments(name: string): string | undefined {
  const given = parseArgs({ options: { [name]: { type: 'string' } }, strict: false }).values[name]
  return typeof given === 'string' ? given : undefined
}
