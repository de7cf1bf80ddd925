import ts from 'typescript'
import { placeOf, type Source } from './sources.ts'

/** Exported functions, classes, types and values without a doc comment, each as `place: name`. */
export function undocumentedExports(source: Source): readonly string[] {
  return source.tree.statements.flatMap((statement) => {
    if (!isExported(statement) || hasDoc(statement) || saysItself(statement, source)) return []
    return [`${placeOf(source, statement)}: ${nameOf(statement, source)}`]
  })
}

function isExported(statement: ts.Statement): boolean {
  if (!ts.canHaveModifiers(statement)) return false
  return (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
}

function hasDoc(statement: ts.Statement): boolean {
  return ts.getJSDocCommentsAndTags(statement).length > 0
}

// A schema carries its own descriptions.
function saysItself(statement: ts.Statement, { tree }: Source): boolean {
  return ts.isVariableStatement(statement) && /=\s*Type\.\w+\(/.test(statement.getText(tree))
}

function nameOf(statement: ts.Statement, { tree }: Source): string {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText(tree)).join(', ')
  }
  const isNamed = 'name' in statement && statement.name !== undefined
  return isNamed ? String(ts.getNameOfDeclaration(statement as ts.DeclarationStatement)?.getText(tree)) : 'default'
}
