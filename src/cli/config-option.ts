import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Option } from 'commander'
import { kindOf } from '../chains/registry.ts'
import { type Config, loadConfig, parseConfig } from '../config/config.ts'
import { OTHER_VARIABLES, PREFIX } from '../config/environment.ts'
import { type Terminal, UsageError } from './outcome.ts'

/** Files that are found by themselves in the current folder, first to last. */
const FILES = ['steelyard.yaml', 'steelyard.yml'] as const

/** `--config FILE`, of every command that reads a configuration; `readConfig` says what stands for it. */
export function configOption(): Option {
  return new Option('-c, --config <file>', 'YAML; default: $STEELYARD_CONFIG, ./steelyard.yaml, or variables alone')
}

/** The option as a command gets it. */
export type ConfigChoice = { readonly config?: string }

/** A configuration and the file as it was found; undefined: variables alone. */
export type ReadConfig = { readonly config: Config; readonly file: string | undefined }

/** `needsChains`: a configuration without chains is a mistake. `tell` takes sentences such as which file was found. */
export type ConfigNeeds = { readonly needsChains: boolean; readonly tell: (sentence: string) => void }

/** Where configuration is looked for. Parameters so that a test needs no other process. */
export type Surroundings = {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly folder: string
}

/**
 * The configuration of the file that `--config` or `STEELYARD_CONFIG` names, else of `steelyard.yaml` in the current
 * folder, else of variables alone.
 * @throws UsageError there is none; CONFIG_INVALID
 */
export function readConfig(
  { config: given }: ConfigChoice,
  { needsChains, tell }: ConfigNeeds,
  { env, folder }: Surroundings = { env: process.env, folder: process.cwd() },
): ReadConfig {
  if (given === '') throw new UsageError('--config: got "", expected the name of a file')
  const variable = env.STEELYARD_CONFIG?.trim() === '' ? undefined : env.STEELYARD_CONFIG
  if (env.STEELYARD_CONFIG !== undefined && variable === undefined) {
    tell('STEELYARD_CONFIG is empty and counts as not set.')
  }
  const context = { env, kindOf, needsChains, notice: tell }
  const file = given ?? variable ?? FILES.map((name) => resolve(folder, name)).find((path) => existsSync(path))
  if (file !== undefined) {
    if (given === undefined) tell(`The configuration is ${file}.`)
    return { config: loadConfig({ ...context, file }), file }
  }
  if (!hasVariables(env)) throw new UsageError(NOTHING_FOUND)
  tell('The configuration is what the STEELYARD_ variables say: there is no steelyard.yaml in this folder.')
  return { config: parseConfig({ ...context, text: '', name: 'variables', folder }), file: undefined }
}

const NOTHING_FOUND =
  'there is no configuration: no steelyard.yaml in this folder, no --config, no STEELYARD_ variables.\n' +
  '  "steelyard init" writes one; "steelyard demo" needs none'

function hasVariables(env: Surroundings['env']): boolean {
  return Object.entries(env).some(
    ([name, value = '']) =>
      name.startsWith(PREFIX) && value.trim() !== '' && !OTHER_VARIABLES.some((other) => other === name),
  )
}

/** `readConfig` for commands that tell on standard error. */
export function readConfigAloud(
  choice: ConfigChoice,
  terminal: Terminal,
  needs: Pick<ConfigNeeds, 'needsChains'>,
): Config {
  return readConfig(choice, { ...needs, tell: (sentence) => terminal.err(`${sentence}\n`) }).config
}
