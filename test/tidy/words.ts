import ts from 'typescript'
import { nodesOf, placeOf, type Source } from './sources.ts'

/** Words that names must not use, each with the word to use instead (docs/ARCHITECTURE.md, Words). */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['blockchain', 'chain'],
  ['provider', 'node or adapter'],
  ['backend', 'node'],
  ['currency', 'asset'],
  ['precision', 'decimals'],
  ['height', 'block number'],
  ['peak', 'head'],
  ['tip', 'head'],
  ['historical', 'backfill'],
  ['realtime', 'live'],
])

/** Declared names that use one of these words, each as `file:line: name`. The vendor dialects are not checked. */
export function forbiddenWords(source: Source): readonly string[] {
  return [...nodesOf(source.tree)].flatMap((node) => {
    const name = declaredName(node)
    if (name === undefined) return []
    const words = name
      .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .split(/[^a-z0-9]+/)
    return words.flatMap((word) => {
      const better = INSTEAD.get(word)
      return better === undefined ? [] : [`${placeOf(source, node)}: ${name}: say ${better}`]
    })
  })
}

function declaredName(node: ts.Node): string | undefined {
  const isDeclaration =
    ts.isVariableDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isPropertySignature(node)
  return isDeclaration && node.name !== undefined && ts.isIdentifier(node.name) ? node.name.text : undefined
}
