import type { Field, Infer } from '../../config/field.ts'
import { mapping } from '../../config/group.ts'
import type { ChainKinds } from '../../config/words.ts'
import type { Dialect, DialectDefinition } from '../http/dialect.ts'
import { ABC_LABS } from './abc-labs/create.ts'
import { CHAINBASE } from './chainbase/create.ts'
import { COBO } from './cobo/create.ts'
import { SPACESCAN } from './spacescan/create.ts'
import { TOKENKIT } from './tokenkit/create.ts'

/** The built dialects: configuration, server and documentation read this list. A new dialect is a folder and a line. */
const DIALECTS = [ABC_LABS, CHAINBASE, COBO, SPACESCAN, TOKENKIT] as const

type Built = (typeof DIALECTS)[number]

/** The settings of all dialects, by property, with their defaults. */
export type DialectsConfig = { readonly [D in Built as D['property']]: Infer<ReturnType<D['settings']>> }

type SettingsFields = { readonly [D in Built as D['property']]: ReturnType<D['settings']> }

type Intersection<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never

/** What the dialects together are made of. Each takes only what it uses. */
export type DialectDeps = Intersection<Parameters<Built['create']>[0]>

/** The mapping `dialects` of the configuration. `kinds`: the kinds of chains of this build. */
export function dialectsField(kinds: ChainKinds): Field<DialectsConfig> {
  const fields: SettingsFields = Object.assign(
    {},
    ...DIALECTS.map(({ property, settings }) => ({ [property]: settings(kinds) })),
  )
  return mapping(fields, { names: Object.fromEntries(DIALECTS.map(({ property, key }) => [property, key])) })
}

/** Creates the dialects that the configuration enables. */
export function createDialects(deps: DialectDeps, settings: DialectsConfig): readonly Dialect[] {
  // The compiler does not see that each dialect gets its own settings.
  const all = DIALECTS as readonly unknown[] as readonly DialectDefinition<keyof DialectsConfig, Switch, DialectDeps>[]
  return all.flatMap(({ property, create }) => (settings[property].enabled ? [create(deps, settings[property])] : []))
}

type Switch = { readonly enabled: boolean }
