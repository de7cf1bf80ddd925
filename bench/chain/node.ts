/**
 * An in-memory JSON-RPC node in its own process. It serves a generated chain on 127.0.0.1. With `--transfers N
 * --accounts N --tokens N --per-block N --seed N [--port N] [--max-logs N]` it prints one line of JSON, `{"url": …,
 * "head": …}`, and serves until its standard input closes or it is told to stop.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { parseArgs } from 'node:util'
import { type ChainShape, createGenerator, DEFAULT_SHAPE } from './generator.ts'
import { createRenderer } from './render.ts'
import { answerCall, type RpcNode } from './rpc.ts'

/** Longest request, in bytes: no benchmark sends more. */
const MAX_BODY_BYTES = 16 * 1024 * 1024
/** The most logs in one answer, as on the most generous hosted nodes. */
const DEFAULT_MAX_LOGS = 50_000

function main(): void {
  const options = Object.fromEntries(
    ['transfers', 'accounts', 'tokens', 'per-block', 'seed', 'port', 'max-logs', 'chain-id'].map((name) => [
      name,
      { type: 'string' as const },
    ]),
  )
  const { values } = parseArgs({ options })
  const number = (name: string, fallback: number): number => {
    const value = values[name]
    return typeof value === 'string' ? Number(value) : fallback
  }
  const shape: ChainShape = {
    transfers: number('transfers', DEFAULT_SHAPE.transfers),
    accounts: number('accounts', DEFAULT_SHAPE.accounts),
    tokens: number('tokens', DEFAULT_SHAPE.tokens),
    perBlock: number('per-block', DEFAULT_SHAPE.perBlock),
    seed: number('seed', DEFAULT_SHAPE.seed),
  }
  const generator = createGenerator(shape)
  const maxLogs = number('max-logs', DEFAULT_MAX_LOGS)
  const renderer = createRenderer(generator)
  const node: RpcNode = { generator, renderer, maxLogs, chainId: number('chain-id', 1), firstLogsAtMs: undefined }
  const server = createServer((request, response) => void serve(node, request, response))
  server.keepAliveTimeout = 60_000
  server.listen(number('port', 0), '127.0.0.1', () => {
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}`, head: generator.head })}\n`)
  })
  // The parent holds the other end, so this node ends with its parent, even after a crash.
  process.stdin.resume().once('end', () => process.exit(0))
}

async function serve(node: RpcNode, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    const part = Buffer.from(chunk)
    bytes += part.length
    if (bytes > MAX_BODY_BYTES) return void response.writeHead(413).end()
    chunks.push(part)
  }
  const parts = answerBody(node, Buffer.concat(chunks).toString('utf8'))
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': length })
  for (const part of parts) response.write(part)
  response.end()
}

/** The answer to a request or a batch, in pieces, so that a large result is never copied. */
function answerBody(node: RpcNode, body: string): readonly Buffer[] {
  const call = parse(body)
  if (!Array.isArray(call)) return answerCall(node, call)
  const answers = call.flatMap((one: unknown, at) => [Buffer.from(at === 0 ? '[' : ','), ...answerCall(node, one)])
  return [...answers, Buffer.from(call.length === 0 ? '[]' : ']')]
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

main()
