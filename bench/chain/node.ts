/**
 * An in-memory JSON-RPC node in its own process. It serves a generated chain on 127.0.0.1. With `--transfers N
 * --accounts N --tokens N --per-block N --seed N [--kind evm|starknet] [--port N] [--max-logs N]` it prints one line of
 * JSON, `{"url": …, "head": …}`, and serves until its standard input closes or it is told to stop.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { parseArgs } from 'node:util'
import { createStarknetGenerator } from '../starknet/generator.ts'
import { createStarknetRenderer } from '../starknet/render.ts'
import { answerStarknetCall } from '../starknet/rpc.ts'
import { type ChainShape, createGenerator, DEFAULT_SHAPE } from './generator.ts'
import { createRenderer } from './render.ts'
import { answerCall } from './rpc.ts'

/** Longest request, in bytes: no benchmark sends more. */
const MAX_BODY_BYTES = 16 * 1024 * 1024
/** The most logs in one answer, as on the most generous hosted nodes. */
const DEFAULT_MAX_LOGS = 50_000
/** The most events in one page of `starknet_getEvents`, as Pathfinder's default. */
const DEFAULT_MAX_CHUNK = 1_024

/** The answer to one call, in consecutive pieces. */
type AnswerCall = (call: unknown) => readonly Buffer[]

function main(): void {
  const options = Object.fromEntries(
    ['transfers', 'accounts', 'tokens', 'per-block', 'seed', 'port', 'max-logs', 'chain-id', 'kind'].map((name) => [
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
  const head = Math.ceil(shape.transfers / shape.perBlock)
  const maxLogs = values['max-logs'] === undefined ? undefined : number('max-logs', 0)
  const answer =
    values.kind === 'starknet'
      ? starknetNode(shape, maxLogs)
      : evmNode(shape, { maxLogs, chainId: number('chain-id', 1) })
  const server = createServer((request, response) => void serve(answer, request, response))
  server.keepAliveTimeout = 60_000
  server.listen(number('port', 0), '127.0.0.1', () => {
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}`, head })}\n`)
  })
  // The parent holds the other end, so this node ends with its parent, even after a crash.
  process.stdin.resume().once('end', () => process.exit(0))
}

function evmNode(
  shape: ChainShape,
  { maxLogs = DEFAULT_MAX_LOGS, chainId }: { maxLogs: number | undefined; chainId: number },
): AnswerCall {
  const generator = createGenerator(shape)
  const node = { generator, renderer: createRenderer(generator), maxLogs, chainId, firstLogsAtMs: undefined }
  return (call) => answerCall(node, call)
}

function starknetNode(shape: ChainShape, maxChunk = DEFAULT_MAX_CHUNK): AnswerCall {
  const generator = createStarknetGenerator(shape)
  const node = { generator, renderer: createStarknetRenderer(generator), maxChunk, firstLogsAtMs: undefined }
  return (call) => answerStarknetCall(node, call)
}

async function serve(answerCall: AnswerCall, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    const part = Buffer.from(chunk)
    bytes += part.length
    if (bytes > MAX_BODY_BYTES) return void response.writeHead(413).end()
    chunks.push(part)
  }
  const parts = answerBody(answerCall, Buffer.concat(chunks).toString('utf8'))
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': length })
  for (const part of parts) response.write(part)
  response.end()
}

/** The answer to a request or a batch, in pieces, so that a large result is never copied. */
function answerBody(answerCall: AnswerCall, body: string): readonly Buffer[] {
  const call = parse(body)
  if (!Array.isArray(call)) return answerCall(call)
  const answers = call.flatMap((one: unknown, at) => [Buffer.from(at === 0 ? '[' : ','), ...answerCall(one)])
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
