import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Option } from 'commander'
import { type AppConfig, loadAppConfig, parseAppConfig } from '../app/app-config.ts'
import { OTHER_VARIABLES, PREFIX } from '../config/environment.ts'
import { type Terminal, UsageError } from './outcome.ts'

/** Default configuration files in the current folder, in order of preference. */
const FILES = ['steelyard.yaml', 'steelyard.yml'] as const

/** `--config FILE`, for every command that reads a configuration. `readConfig` documents the default. */
export function configOption(): Option {
  return new Option('-c, --config <file>', 'YAML; default: $STEELYARD_CONFIG, ./steelyard.yaml, or variables alone')
}

/** The parsed option. */
export type ConfigChoice = { readonly config?: string }

/** A configuration and its file as given or found; undefined: variables alone. */
export type ReadConfig = { readonly config: AppConfig; readonly file: string | undefined }

/**
 * `needsChains`: a configuration without chains is a mistake. `tell` receives sentences, such as which file is used.
 */
export type ConfigNeeds = { readonly needsChains: boolean; readonly tell: (sentence: string) => void }

/** Where `readConfig` looks for a configuration. Parameters, so that a test needs no other process. */
export type Surroundings = {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly folder: string
}

/**
 * Reads the configuration from the file that `--config` or `STEELYARD_CONFIG` names, else from `steelyard.yaml` or
 * `steelyard.yml` in the current folder, else from variables alone.
 * @throws UsageError no configuration exists; CONFIG_INVALID
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
  const context = { env, needsChains, notice: tell }
  const file = given ?? variable ?? FILES.map((name) => resolve(folder, name)).find((path) => existsSync(path))
  if (file !== undefined) {
    if (given === undefined) tell(`Using the configuration ${file}.`)
    return { config: loadAppConfig({ ...context, file }), file }
  }
  if (!hasVariables(env)) throw new UsageError(NOTHING_FOUND)
  tell('Using the STEELYARD_ variables as configuration: this folder has no steelyard.yaml.')
  return { config: parseAppConfig({ ...context, text: '', name: 'variables', folder }), file: undefined }
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

/** `readConfig` for commands that write its sentences to standard error. */
export function readConfigAloud(
  choice: ConfigChoice,
  terminal: Terminal,
  needs: Pick<ConfigNeeds, 'needsChains'>,
): AppConfig {
  return readConfig(choice, { ...needs, tell: (sentence) => terminal.err(`${sentence}\n`) }).config
}
