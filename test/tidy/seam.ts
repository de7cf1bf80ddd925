import { posix } from 'node:path'
import ts from 'typescript'
import type { Source } from './sources.ts'

/** An interface, or a type with methods, and how many it has. */
export type Counted = { readonly name: string; readonly methods: number }

/** The interfaces of the ports, which the application uses, with the number of methods that each declares. */
export function seamInterfaces(sources: readonly Source[]): readonly Counted[] {
  return declaredIn(sources.filter(({ file }) => file.startsWith('src/store/seam/'))).filter(
    ({ isInterface }) => isInterface,
  )
}

/** The interfaces of `src/store/engine/`, which every engine implements. */
export function engineInterfaces(sources: readonly Source[]): readonly Counted[] {
  return declaredIn(sources.filter(({ file }) => file.startsWith('src/store/engine/'))).filter(hasMethods)
}

const ENGINE_FOLDER = /^src\/store\/(sqlite|postgres)\//

/**
 * What else an engine implements: every interface, and every type with methods, of the store's other folders that a file of an
 * engine's folder names. A class that all engines share is none.
 */
export function namedByEngines(sources: readonly Source[]): readonly Counted[] {
  const others = sources.filter(
    ({ file }) => file.startsWith('src/store/') && !ENGINE_FOLDER.test(file) && !file.startsWith('src/store/engine/'),
  )
  const declared = new Map(declaredIn(others).map((one) => [`${one.file} ${one.name}`, one]))
  const named = new Map<string, Counted>()
  for (const { file, tree } of sources) {
    if (!ENGINE_FOLDER.test(file) || file.endsWith('.test.ts')) continue
    for (const statement of tree.statements) {
      for (const [from, name] of importsOf(statement)) {
        const one = declared.get(`${posix.join(posix.dirname(file), from)} ${name}`)
        if (one !== undefined && hasMethods(one)) named.set(name, one)
      }
    }
  }
  return [...named.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function hasMethods({ methods }: Counted): boolean {
  return methods > 0
}

function* importsOf(statement: ts.Statement): Generator<readonly [from: string, name: string]> {
  if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) return
  const bindings = statement.importClause?.namedBindings
  if (bindings === undefined || !ts.isNamedImports(bindings)) return
  for (const { name, propertyName } of bindings.elements)
    yield [statement.moduleSpecifier.text, (propertyName ?? name).text]
}

type Declared = Counted & { readonly file: string; readonly isInterface: boolean }

function declaredIn(sources: readonly Source[]): readonly Declared[] {
  return sources
    .filter(({ file }) => !file.endsWith('.test.ts'))
    .flatMap(({ file, tree }) =>
      tree.statements.flatMap((statement) => {
        const isInterface = ts.isInterfaceDeclaration(statement)
        if (!isInterface && !ts.isTypeAliasDeclaration(statement)) return []
        return [{ file, name: statement.name.text, methods: methodsIn(statement), isInterface }]
      }),
    )
}

/** Methods that are declared somewhere in a type, except in parameters: those are the caller's. */
function methodsIn(node: ts.Node): number {
  let count = isMethod(node) ? 1 : 0
  ts.forEachChild(node, (child) => {
    if (!ts.isParameter(child)) count += methodsIn(child)
  })
  return count
}

// A property whose type is a function is called like a method.
function isMethod(node: ts.Node): boolean {
  if (ts.isMethodSignature(node)) return true
  return ts.isPropertySignature(node) && node.type !== undefined && ts.isFunctionTypeNode(node.type)
}
