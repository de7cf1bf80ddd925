import ts from 'typescript'
import { nodesOf, placeOf, type Source } from './sources.ts'

/** The standards and the namespace of one family of chains. */
const NAMES = /\b(erc20|erc721|erc1155|eip155)\b/
/** A text that is only such a name, or the beginning of a chain's or an asset's id: code decides by it. */
const DECIDES = /^(.*\/)?(erc20|erc721|erc1155|eip155):?$/

/** Where these names belong: the kinds of chains, the vendors' own shapes, the table, and the demo's own chain. */
const HOME = /^src\/(chains\/|api\/dialects\/|demo\/|core\/standards\.ts$|cli\/demo\.ts$)/
/** Where texts for people give an example: help, errors of the configuration, documentation. */
const EXAMPLES = /^src\/(cli\/|config\/examples\.ts$|api\/schema\/openapi\.ts$)/

/**
 * Code outside their home that names a standard or a namespace of one family of chains, each as `file:line: text`.
 * Comments may name them, and texts for people may in some files.
 */
export function kindNames(source: Source): readonly string[] {
  if (HOME.test(source.file)) return []
  return [...nodesOf(source.tree)].flatMap((node) => {
    const text = textOf(node)
    if (text === undefined || !NAMES.test(text)) return []
    const isExample = isText(node) && EXAMPLES.test(source.file) && !DECIDES.test(text)
    return isExample ? [] : [`${placeOf(source, node)}: ${text}`]
  })
}

function textOf(node: ts.Node): string | undefined {
  return ts.isIdentifier(node) || isText(node) || ts.isRegularExpressionLiteral(node) ? node.text : undefined
}

function isText(node: ts.Node): node is ts.StringLiteralLike | ts.TemplateHead | ts.TemplateMiddle | ts.TemplateTail {
  return ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node)
}
