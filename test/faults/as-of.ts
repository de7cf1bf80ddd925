/** An item of the header `Balance-As-Of` (RFC 9651). Absent parameters are undefined. */
export type AsOf = {
  readonly chain: string
  readonly block: number | undefined
  readonly hash: string | undefined
  readonly finality: string | undefined
  readonly source: string | undefined
  readonly age: number | undefined
  /** False if the answer may lack rows. */
  readonly complete: boolean
  /** False if the rows are of several blocks. The header then names the lowest. */
  readonly uniform: boolean
}

const ITEM = /^"([^"\\]+)"((?:;[a-z]+=(?:"[^"\\]*"|\?[01]|-?\d+|[a-z]+))*)$/
const PARAMETER = /;([a-z]+)=("[^"\\]*"|\?[01]|-?\d+|[a-z]+)/g

/** Parses the header of an answer about one chain. Undefined if it is not such an item. */
export function parseAsOf(header: string): AsOf | undefined {
  const item = ITEM.exec(header)
  if (item === null) return undefined
  const parameters = new Map([...(item[2] ?? '').matchAll(PARAMETER)].map(([, name, value]) => [name, value ?? '']))
  const text = (name: string): string | undefined => parameters.get(name)?.replaceAll('"', '')
  const number = (name: string): number | undefined => (parameters.has(name) ? Number(parameters.get(name)) : undefined)
  return {
    chain: item[1] ?? '',
    block: number('block'),
    hash: text('hash'),
    finality: text('finality'),
    source: text('source'),
    age: number('age'),
    complete: parameters.get('complete') !== '?0',
    uniform: parameters.get('uniform') !== '?0',
  }
}
