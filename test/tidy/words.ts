import ts from 'typescript'
import { nodesOf, placeOf, type Source } from './sources.ts'

/** Words of names that have another word here (docs/ARCHITECTURE.md, Words), and the word we say. */
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

/** Declared names that use a word which has another one here, each as `place: name`. Vendors' own words stay theirs. */
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
