import { isRecord } from '../../core/is-record.ts'
import type { OpenApi } from '../schema/openapi.ts'
import type { DialectExamples } from './dialect.ts'
import { DOCS_STYLE } from './docs-style.ts'
import { escapeHtml } from './escape-html.ts'

type Data = Readonly<Record<string, unknown>>

/** The address of the server, and the example values by tag. */
export type DocumentedServer = { readonly origin: string; readonly examples: ReadonlyMap<string, DialectExamples> }

/** One call of the document. */
type Operation = { readonly path: string; readonly method: string; readonly details: Data }

/**
 * Returns the documentation as one HTML page, made from the OpenAPI document. It has no script and loads nothing from
 * other sites, and all text is escaped.
 */
export function renderDocsPage(document: OpenApi, server: DocumentedServer): string {
  const info = record(document.info)
  const groups = byTag(operationsOf(document))
  const contents = [...groups].map(([tag, list]) => navigation(tag, list)).join('')
  const sections = [...groups].map(([tag, list]) => {
    const cards = list.map((operation) => card(operation, { document, ...server })).join('')
    return `<section><h2 id="${escapeHtml(tag)}">${escapeHtml(tag)}</h2>${cards}</section>`
  })
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${say(info.title)} API</title><style>${DOCS_STYLE}</style></head>
<body><nav><p class="name">${say(info.title)} <small>${say(info.version)}</small></p>${contents}
<p class="more"><a href="/openapi.json">openapi.json</a></p></nav>
<main><header><h1>${say(info.title)} API</h1><p class="lead">${say(info.description)}</p></header>
${headerNotes(document)}${sections.join('\n')}</main></body></html>
`
}

function navigation(tag: string, list: readonly Operation[]): string {
  const items = list.map(
    ({ path, details }) => `<li><a href="#${say(details.operationId)}">${escapeHtml(path)}</a></li>`,
  )
  return `<p class="tag"><a href="#${escapeHtml(tag)}">${escapeHtml(tag)}</a></p><ul>${items.join('')}</ul>`
}

/** Describes the headers that answers share. */
function headerNotes(document: OpenApi): string {
  const headers = record(record(document.components).headers)
  const asOf = record(headers.BalanceAsOf)
  if (asOf.description === undefined) return ''
  return `<section class="note"><h2>Balance-As-Of</h2><p>${say(asOf.description)}</p><pre>Balance-As-Of: ${say(asOf.example)}</pre></section>`
}

type Context = DocumentedServer & { readonly document: OpenApi }

function card(operation: Operation, context: Context): string {
  const { path, method, details } = operation
  const parameters = list(details.parameters).map(record)
  const responses = Object.entries(record(details.responses))
  const success = responses.find(([status]) => status === '200' || status === '201')
  const body = resolve(schemaOf(record(details.requestBody)), context.document)
  const description = details.description === undefined ? '' : `<p>${say(details.description)}</p>`
  return `<article id="${say(details.operationId)}">
<h3><span class="method">${escapeHtml(method)}</span> <code>${escapeHtml(path)}</code></h3>
<p class="summary">${say(details.summary)}</p>${description}
${parameters.length === 0 ? '' : parameterTable(parameters)}
${bodyTable(body, context.document)}
<pre>${escapeHtml(curl(operation, body, context))}</pre>
${success === undefined ? '' : answerTable(resolve(schemaOf(record(success[1])), context.document), context.document)}
<ul class="statuses">${responses.map(([status, response]) => statusItem(status, record(response))).join('')}</ul>
</article>`
}

function statusItem(status: string, response: Data): string {
  return `<li><b class="s${escapeHtml(status.charAt(0))}">${escapeHtml(status)}</b> ${say(response.description)}</li>`
}

function parameterTable(parameters: readonly Data[]): string {
  const rows = parameters.map((parameter) => {
    const need = parameter.required === true ? '<em>required</em>' : ''
    const bounds = boundsOf(record(parameter.schema))
    return row(`<code>${say(parameter.name)}</code> ${need}`, bounds, say(parameter.description))
  })
  return `<h4>Parameters</h4><table>${rows.join('')}</table>`
}

function boundsOf(schema: Data): string {
  const parts = [say(schema.type)]
  if (schema.minimum !== undefined) parts.push(`from ${say(schema.minimum)}`)
  if (schema.maximum !== undefined) parts.push(`to ${say(schema.maximum)}`)
  if (schema.maxItems !== undefined) parts.push(`at most ${say(schema.maxItems)}`)
  if (schema.default !== undefined) parts.push(`default ${say(schema.default)}`)
  return parts.join(', ')
}

/** Returns a curl command to paste: required parameters and fields have values that work on this server. */
function curl({ method, path, details }: Operation, body: Data, { origin, examples }: Context): string {
  const own = examples.get(plain(list(details.tags)[0]))
  const ofCall = own?.ofCalls?.[plain(details.operationId)] ?? {}
  const values: Data = { ...own?.values, ...ofCall }
  const query = list(details.parameters)
    .map(record)
    .filter(({ name, required, in: place }) => place === 'query' && (required === true || plain(name) in ofCall))
    .map(({ name, example }) => `${plain(name)}=${encodeURIComponent(plain(values[plain(name)] ?? example))}`)
  const url = shell(`${origin}${pathWith(values, { path, details })}${query.length === 0 ? '' : `?${query.join('&')}`}`)
  const auth = authorization(list(details.security).map(record), own?.key)
  if (Object.keys(body).length === 0) return `curl ${method === 'GET' ? '' : `-X ${method} `}${auth}${url}`
  const data = shell(JSON.stringify(exampleOf(body, { values, ofCall })))
  return `curl ${method === 'POST' ? '' : `-X ${method} `}${auth}-H 'content-type: application/json' -d ${data} ${url}`
}

/** The path with the values of its parameters, else with their examples. */
function pathWith(values: Data, { path, details }: Pick<Operation, 'path' | 'details'>): string {
  const examples = new Map(list(details.parameters).map((one) => [plain(record(one).name), record(one).example]))
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(plain(values[name] ?? examples.get(name))))
}

/** The header that a call needs: the key, or the session where no key will do. `$KEY` and `$TOKEN` are the reader's. */
function authorization(ways: readonly Data[], key: string | undefined): string {
  if (ways.length === 0 || ways.some((way) => Object.keys(way).length === 0)) return ''
  if (!ways.some((way) => 'ApiKey' in way)) return '-H "authorization: Bearer $TOKEN" '
  return key === undefined ? '-H "x-api-key: $KEY" ' : `-H ${shell(`x-api-key: ${key}`)} `
}

/** Quotes a text as one shell word. Ids may hold any text. */
function shell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/**
 * Returns an object with the required fields of a schema, and those in `ofCall`. Each has its value from `values`, else the
 * schema's example.
 */
function exampleOf(body: Data, { values, ofCall }: { readonly values: Data; readonly ofCall: Data }): Data {
  const properties = record(body.properties)
  const optional = Object.keys(properties).filter((name) => name in ofCall)
  const names = [...new Set([...list(body.required).map(plain), ...optional])]
  const entries = names.map((name): [string, unknown] => {
    const property = record(properties[name])
    return [name, values[name] ?? property.example ?? list(property.examples)[0]]
  })
  return Object.fromEntries(entries.filter(([, example]) => example !== undefined))
}

/** Deepest level of an answer's schema that is shown: envelope, row, and a row's own lists. */
const MAX_DEPTH = 4

function answerTable(schema: Data, document: OpenApi): string {
  return fieldTable('Answer', schema, document)
}

function bodyTable(schema: Data, document: OpenApi): string {
  return fieldTable('Body', schema, document)
}

function fieldTable(title: string, schema: Data, document: OpenApi): string {
  const rows = fieldRows(schema, { document, prefix: '', depth: 0 })
  return rows.length === 0 ? '' : `<h4>${title}</h4><table>${rows.join('')}</table>`
}

type SchemaPath = { readonly document: OpenApi; readonly prefix: string; readonly depth: number }

function fieldRows(schema: Data, path: SchemaPath): readonly string[] {
  const required = list(schema.required)
  return Object.entries(record(schema.properties)).flatMap(([name, value]) => {
    const property = resolve(record(value), path.document)
    const items = property.type === 'array' ? resolve(record(property.items), path.document) : undefined
    const label = `${path.prefix}${name}${items === undefined ? '' : '[]'}`
    const need = required.includes(name) ? '' : '<em>optional</em>'
    const type = items === undefined ? typeOf(property) : `array of ${say(items.type)}`
    const own = row(`<code>${escapeHtml(label)}</code> ${need}`, type, say(property.description))
    if (path.depth >= MAX_DEPTH) return [own]
    return [own, ...fieldRows(items ?? property, { ...path, prefix: `${label}.`, depth: path.depth + 1 })]
  })
}

/** Returns a field's type, and its value if the schema fixes it. */
function typeOf(property: Data): string {
  const constant = property.const === undefined ? '' : ` <code>${escapeHtml(JSON.stringify(property.const))}</code>`
  return `${say(property.type)}${constant}`
}

function row(...cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
}

/** Returns the component schema that a `$ref` names, or the schema itself if it has no `$ref`. */
function resolve(schema: Data, document: OpenApi): Data {
  const reference = schema.$ref
  if (typeof reference !== 'string') return schema
  const schemas = record(record(document.components).schemas)
  return record(schemas[reference.slice(reference.lastIndexOf('/') + 1)])
}

function schemaOf(response: Data): Data {
  return record(record(record(response.content)['application/json']).schema)
}

function operationsOf(document: OpenApi): readonly Operation[] {
  return Object.entries(record(document.paths)).flatMap(([path, methods]) =>
    Object.entries(record(methods)).map(([method, details]) => ({
      path,
      method: method.toUpperCase(),
      details: record(details),
    })),
  )
}

function byTag(operations: readonly Operation[]): ReadonlyMap<string, readonly Operation[]> {
  const groups = new Map<string, Operation[]>()
  for (const operation of operations) {
    const tag = plain(list(operation.details.tags)[0])
    const group = groups.get(tag)
    if (group === undefined) groups.set(tag, [operation])
    else group.push(operation)
  }
  return groups
}

function record(value: unknown): Data {
  return isRecord(value) ? value : {}
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function plain(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

function say(value: unknown): string {
  return escapeHtml(plain(value)).replace(/`([^`]+)`/g, '<code>$1</code>')
}
