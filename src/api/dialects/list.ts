import type { Field, Infer } from '../../config/field.ts'
import { mapping } from '../../config/group.ts'
import type { Namespaces } from '../../config/words.ts'
import type { Dialect, DialectDefinition } from '../http/dialect.ts'
import { ABC_LABS } from './abc-labs/create.ts'
import { CHAINBASE } from './chainbase/create.ts'
import { SPACESCAN } from './spacescan/create.ts'
import { TOKENKIT } from './tokenkit/create.ts'

/** The built dialects: configuration, server and documentation read this list. A new dialect is a folder and a line. */
const DIALECTS = [ABC_LABS, CHAINBASE, SPACESCAN, TOKENKIT] as const

const LIST_FORMAT = new Intl.ListFormat('en-GB', { type: 'conjunction' })

/** Planned dialects. A setting without an effect is rejected. */
const PLANNED = ['cobo']

type Built = (typeof DIALECTS)[number]

/** The settings of all dialects, by property, with their defaults. */
export type DialectsConfig = { readonly [D in Built as D['property']]: Infer<ReturnType<D['settings']>> }

type SettingsFields = { readonly [D in Built as D['property']]: ReturnType<D['settings']> }

type Intersection<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never

/** What the dialects together are made of. Each takes only what it uses. */
export type DialectDeps = Intersection<Parameters<Built['create']>[0]>

/** The mapping `dialects` of the configuration. `namespaces`: those of chain ids. */
export function dialectsField(namespaces: Namespaces): Field<DialectsConfig> {
  const served = LIST_FORMAT.format(DIALECTS.map(({ key }) => key))
  const says = (name: string): string =>
    `this version does not serve ${name}, so its settings have no effect: remove them; served are ${served}`
  const fields: SettingsFields = Object.assign(
    {},
    ...DIALECTS.map(({ property, settings }) => ({ [property]: settings(namespaces) })),
  )
  return mapping(fields, {
    names: Object.fromEntries(DIALECTS.map(({ property, key }) => [property, key])),
    refused: Object.fromEntries(PLANNED.map((name) => [name, says(name)])),
  })
}

/** Creates the dialects that the configuration enables. */
export function createDialects(deps: DialectDeps, settings: DialectsConfig): readonly Dialect[] {
  // The compiler does not see that each dialect gets its own settings.
  const all = DIALECTS as readonly unknown[] as readonly DialectDefinition<keyof DialectsConfig, Switch, DialectDeps>[]
  return all.flatMap(({ property, create }) => (settings[property].enabled ? [create(deps, settings[property])] : []))
}

type Switch = { readonly enabled: boolean }
