import { type DialectsConfig, dialectsField } from '../api/dialects/list.ts'
import { kindOf, NAMESPACES } from '../chains/registry.ts'
import { type Config, type ConfigContext, type ConfigSource, loadConfig, parseConfig } from '../config/config.ts'

/** The configuration with the kinds of chain and the dialects of this build. */
export type AppConfig = Config<DialectsConfig>

const BUILT = { kindOf, namespaces: NAMESPACES }

type Given<T> = Omit<T, 'kindOf' | 'namespaces' | 'dialects'>

/** `parseConfig` with what this build has. @throws CONFIG_INVALID */
export function parseAppConfig(source: Given<ConfigSource<DialectsConfig>>): AppConfig {
  return parseConfig({ ...source, ...BUILT, dialects: dialectsField(BUILT) })
}

/** `loadConfig` with what this build has. @throws CONFIG_INVALID */
export function loadAppConfig(context: Given<ConfigContext<DialectsConfig> & { readonly file: string }>): AppConfig {
  return loadConfig({ ...context, ...BUILT, dialects: dialectsField(BUILT) })
}
