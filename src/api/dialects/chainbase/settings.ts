import { flag, type Infer, withDefault, word } from '../../../config/field.ts'
import { mapping } from '../../../config/group.ts'

/** The settings of this dialect. `balance`: the format of balances. `demoKey`: the literal key `demo` may read. */
export type ChainbaseSettings = Infer<ReturnType<typeof chainbaseSettings>>

/** The mapping `dialects.chainbase`. */
export function chainbaseSettings() {
  return mapping({
    enabled: withDefault(flag(), true),
    balance: withDefault(word(['hex', 'decimal']), 'hex'),
    demoKey: withDefault(flag(), false),
  })
}
