import { type DialectsConfig, dialectsField } from '../api/dialects/list.ts'
import { kindOf } from '../chains/registry.ts'
import { type Config, type ConfigContext, type ConfigSource, loadConfig, parseConfig } from '../config/config.ts'

/** The configuration with the kinds of chain and the dialects of this build. */
export type AppConfig = Config<DialectsConfig>

type Given<T> = Omit<T, 'kindOf' | 'dialects'>

/** `parseConfig` with what this build has. @throws CONFIG_INVALID */
export function parseAppConfig(source: Given<ConfigSource<DialectsConfig>>): AppConfig {
  return parseConfig({ ...source, kindOf, dialects: dialectsField() })
}

/** `loadConfig` with what this build has. @throws CONFIG_INVALID */
export function loadAppConfig(context: Given<ConfigContext<DialectsConfig> & { readonly file: string }>): AppConfig {
  return loadConfig({ ...context, kindOf, dialects: dialectsField() })
}
