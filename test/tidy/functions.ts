import ts from 'typescript'
import { nodesOf, placeOf, type Source } from './sources.ts'

/** The longest allowed function, in lines, and the most parameters. */
const MAX_LINES = 70
const MAX_PARAMETERS = 3

type Callable = ts.FunctionLikeDeclaration & { readonly body: NonNullable<ts.FunctionLikeDeclaration['body']> }

/** Functions that are too long or have too many parameters, each as `file:line: what is wrong`. */
export function untidyFunctions(source: Source): readonly string[] {
  return [...nodesOf(source.tree)].filter(isCallable).flatMap((node) => {
    const lineOf = (position: number): number => source.tree.getLineAndCharacterOfPosition(position).line
    const lines = lineOf(node.end) - lineOf(node.getStart(source.tree)) + 1
    const parameters = node.parameters.filter((parameter) => parameter.name.getText(source.tree) !== 'this').length
    return [
      ...(lines > MAX_LINES && !groupsTests(node) ? [`${placeOf(source, node)}: ${lines} lines`] : []),
      ...(parameters > MAX_PARAMETERS && !isCallback(node)
        ? [`${placeOf(source, node)}: ${parameters} parameters`]
        : []),
    ]
  })
}

function isCallable(node: ts.Node): node is Callable {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined
}

// `describe(…, () => { … })` only groups tests, and each test is a function of its own.
function groupsTests(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && /^describe\b/.test(node.parent.expression.getText())
}

// The caller decides the parameters of a callback: a row of a table, the arguments of a hook.
function isCallback(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && node.parent.expression !== node
}
