import { describe, expect, test } from 'vitest'
import { MAX_BYTES } from './clvm.ts'
import { Interpreter } from './evaluate.ts'

const NIL = '80'
const HASH = `a0${'11'.repeat(32)}`
/** (a 1 1): runs its argument with itself. */
const RUN_ITSELF = 'ff02ff01ff0180'
/** (c (a 1 1) 1): the same, and never returns. */
const RECURSE = 'ff04ffff02ff01ff0180ff0180'
/** (a 2 (c 2 (c (c 5 5) ()))): doubles its second argument for ever. */
const DOUBLE_PAIRS = 'ff02ff02ffff04ff02ffff04ffff04ff05ff0580ff80808080'
const DOUBLE_ATOM = DOUBLE_PAIRS.replace('ff04ff05ff0580', 'ff0eff05ff0580')

const interpreter = new Interpreter()

function run(program: string, argument = NIL): string | undefined {
  const result = interpreter.evaluate(Buffer.from(program, 'hex'), Buffer.from(argument, 'hex'))
  return result && Buffer.from(result).toString('hex')
}

describe('operators', () => {
  test.each([
    ['a quote', 'ff0105', '05'],
    ['an addition', 'ff10ffff0102ffff010380', '05'],
    ['coinid, since 2024', `ff30ffff01${HASH}ffff01${HASH}ffff010580`, expect.stringMatching(/^a0[0-9a-f]{64}$/)],
    ['modpow, since 2024', 'ff3cffff0103ffff0104ffff010780', '04'],
    ['a division of a negative number, since 2024', 'ff13ffff0181f6ffff010380', '81fc'],
    ['an operator that is newer than the interpreter', 'ff3effff01820102ff80', undefined],
    ['an operator that no node knows', 'ff3fff0180', undefined],
    ['an operator of two bytes', 'ff820f0fff0180', undefined],
    ['a raise', 'ff0880', undefined],
  ])('%s', (_, program, result) => {
    expect(run(program)).toEqual(result)
  })
})

describe('a hostile program', () => {
  test.each([
    ['never ends', RUN_ITSELF, RUN_ITSELF],
    ['never returns', RECURSE, RECURSE],
    ['makes pairs for ever', DOUBLE_PAIRS, `ff${DOUBLE_PAIRS}ff0180`],
    ['makes a long atom', DOUBLE_ATOM, `ff${DOUBLE_ATOM}ff820fff80`],
    ['is cut', 'ff02', NIL],
    ['has a cut argument', 'ff0105', 'ff'],
    ['is empty', '', NIL],
    ['is a back-reference', 'ff01fe02', NIL],
  ])('that %s ends, and the next one works', (_, program, argument) => {
    expect(run(program, argument)).toBeUndefined()
    expect(run('ff0105')).toBe('05')
  })

  test('with a result that is small in memory and large as text is refused', () => {
    // (a (q 4 1 1) …) 40 times: 2^40 leaves.
    let program = '01'
    for (let round = 0; round < 40; round++) program = `ff02ffff01ff04ff01ff0180ff${program}80`
    expect(run(program)).toBeUndefined()
    expect(run('ff0105')).toBe('05')
  })

  test('with a deep result is read', () => {
    const deep = `${'ff'.repeat(500_000)}${'80'.repeat(500_001)}`
    expect(run('01', deep)).toBe(deep)
    expect(run('01', `83${'00'.repeat(3)}`)).toBe('83000000')
  })

  test('with a result of more bytes than a value may have is refused', () => {
    const half = `f0${(MAX_BYTES / 2).toString(16).padStart(6, '0')}${'ab'.repeat(MAX_BYTES / 2)}`
    expect(run('01', half)).toHaveLength(half.length)
    expect(run('ff0eff01ff0180', half)).toBeUndefined()
  })
})

describe('memory', () => {
  test('of results is given back', () => {
    run('ff0105')
    const before = interpreter.memoryBytes
    const argument = `f0010000${'ab'.repeat(65_536)}`
    for (let round = 0; round < 200; round++) run('01', argument)
    expect(interpreter.memoryBytes).toBeGreaterThan(0)
    expect(interpreter.memoryBytes).toBeLessThan(before + 2 * 1024 * 1024)
  })

  test('that a hostile program needed is not kept', () => {
    run(DOUBLE_PAIRS, `ff${DOUBLE_PAIRS}ff0180`)
    run(RECURSE, RECURSE)
    run('ff0105')
    expect(interpreter.memoryBytes).toBeLessThan(8 * 1024 * 1024)
  })

  test('of crashes is not kept', () => {
    for (let round = 0; round < 50; round++) run('ff02')
    run('ff0105')
    expect(interpreter.memoryBytes).toBeLessThan(8 * 1024 * 1024)
  })
})
