import { parseAsOf } from './as-of.ts'
import type { Claim, Untruth } from './claims.ts'
import { judge, type Moment } from './judge.ts'
import type { Question, Questions } from './questions.ts'
import type { Tally, Verdict } from './tally.ts'
import type { Truth } from './truth.ts'

/** How long an answer may take: longer than the server's own deadline of a request. */
const TIMEOUT_MS = 60_000
/** How many characters of an untrue answer the report shows. */
const SHOWN = 600

/** What clients need to ask questions and check the answers. */
export type Asking = {
  readonly url: () => string | undefined
  readonly questions: Questions
  readonly key: () => string
  readonly truth: Truth
  readonly tally: Tally
  readonly toldAfter: Moment['toldAfter']
}

/** Asks one question and judges the answer. `hash` is the block that the answer names. */
export async function ask(asking: Asking, question: Question): Promise<{ verdict: Verdict; hash: string | undefined }> {
  const { tally } = asking
  const url = asking.url()
  const answer = url === undefined ? undefined : await answerOf(url, asking, question)
  const { verdict, hash, untruths } = answer === undefined ? AWAY : verdictOf(asking, question, answer)
  tally.add(question.name, verdict)
  if (verdict === 'untrue' || verdict === 'unexpected') {
    const shown = answer === undefined ? '' : `${answer.status} ${answer.header} ${answer.text.slice(0, SHOWN)}`
    for (const untruth of untruths)
      tally.explain(untruth, `${question.path} ${JSON.stringify(question.body ?? '')}\n      ${shown}`)
  }
  return { verdict, hash }
}

type Judged = { readonly verdict: Verdict; readonly hash: string | undefined; readonly untruths: readonly Untruth[] }
type Answer = { readonly status: number; readonly header: string; readonly text: string; readonly askedAtMs: number }

const AWAY: Judged = { verdict: 'away', hash: undefined, untruths: [] }

/** Undefined if the server went away meanwhile. */
async function answerOf(
  url: string,
  { questions, key }: Asking,
  { path, body }: Question,
): Promise<Answer | undefined> {
  const askedAtMs = Date.now()
  const headers = { [questions.keyHeader]: key() }
  const posted = body && {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { ...headers, 'content-type': 'application/json' },
  }
  try {
    const response = await fetch(url + path, { headers, signal: AbortSignal.timeout(TIMEOUT_MS), ...posted })
    const text = await response.text()
    return { status: response.status, header: response.headers.get('balance-as-of') ?? '', text, askedAtMs }
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError')
      return { status: 0, header: '', text: 'no answer', askedAtMs }
    return undefined
  }
}

function verdictOf({ truth, toldAfter, questions }: Asking, question: Question, answer: Answer): Judged {
  const { status, header, text, askedAtMs } = answer
  const unknown: Judged = { verdict: 'unknown', hash: undefined, untruths: [] }
  if (questions.unknown.includes(status)) return unknown
  const unexpected = (detail: string): Judged => {
    return { verdict: 'unexpected', hash: undefined, untruths: [{ kind: `unexpected: ${question.name}`, detail }] }
  }
  if (isRightToRefuse(truth, question, status)) return { verdict: 'true', hash: undefined, untruths: [] }
  if (status !== 200) return unexpected(`status ${status}`)
  const body: unknown = (questions.parse ?? JSON.parse)(text)
  const claim = question.read(body)
  const asOf = parseAsOf(header)
  if (claim === undefined) return unexpected('a body of an unexpected form')
  // A list before the server has the chain's first block has no rows, and does not claim that it has all.
  if (asOf !== undefined && asOf.block === undefined && !asOf.complete && isNothing(claim)) return unknown
  if (asOf === undefined) {
    if (isRightlyRefused(truth, claim)) return { ...unknown, verdict: 'true' }
    return isNothing(claim) ? unknown : unexpected(`Balance-As-Of: ${header}`)
  }
  const untruths = judge(truth, asOf, { claim, moment: { askedAtMs, toldAfter } })
  const blamed = untruths.filter(({ token }) => token === undefined || !truth.isNotYetTold(token))
  const verdict = untruths.length === 0 ? 'true' : blamed.length === 0 ? 'not yet known' : 'untrue'
  return { verdict, hash: asOf.hash, untruths: blamed }
}

/** True for pairs that all failed because none of their tokens exists, or did not a short while ago. */
function isRightlyRefused(truth: Truth, claim: Claim): boolean {
  if (claim.what !== 'pairs' || claim.rows.length > 0) return false
  return claim.refused.every(({ token, isNoToken }) => isNoToken && truth.isMissing(token))
}

/** Pairs that all failed have no block. */
function isNothing(claim: Claim): boolean {
  return claim.what !== 'native' && claim.rows.length === 0
}

/** Statuses that mean that the token, or the block, does not exist yet. */
const NO_TOKEN = [400, 404]
const NO_BLOCK = 400
/** No node may have returned a block this near the newest one yet. */
const NEAR_BLOCKS = 60

function isRightToRefuse(truth: Truth, { about }: Question, status: number): boolean {
  if (about?.token !== undefined && NO_TOKEN.includes(status)) return truth.isMissing(about.token)
  return about?.block !== undefined && status === NO_BLOCK && truth.blocksFrom(about.block + NEAR_BLOCKS).length === 0
}
