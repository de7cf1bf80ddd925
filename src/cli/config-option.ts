import { Option } from 'commander'
import { kindOf } from '../chains/registry.ts'
import { type Config, loadConfig } from '../config.ts'

/** `--config FILE`, of every command that needs one. */
export function configOption(): Option {
  return new Option('-c, --config <file>', 'the configuration, YAML').env('STEELYARD_CONFIG').makeOptionMandatory()
}

/** The configuration of a file and the environment. @throws CONFIG_INVALID */
export function readConfig(file: string): Config {
  return loadConfig({ file, env: process.env, kindOf })
}
