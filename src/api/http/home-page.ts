import { escapeHtml } from './escape-html.ts'
import type { Health } from './health.ts'
import { HOME_STYLE } from './home-style.ts'

type ChainHealth = Health['chains'][number]

/** The page reloads after this many seconds. */
const REFRESH_SECONDS = 5

/** The links of the page: path and text. */
const LINKS = [
  ['/docs', 'every call, with an example'],
  ['/openapi.json', 'the same for programs'],
  ['/health', 'this page for programs'],
  ['/ready', '200 once every chain has caught up'],
  ['/metrics', 'for Prometheus'],
] as const

/**
 * Returns the server's state as one small HTML page. It has no script and loads nothing from other sites, and all text
 * is escaped.
 */
export function renderHomePage({ status, version, chains }: Health): string {
  const links = LINKS.map(([path, says]) => `<li><a href="${path}">${path}</a> <span>${says}</span></li>`)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${REFRESH_SECONDS}"><title>Steelyard</title><style>${HOME_STYLE}</style></head>
<body><header><h1>Steelyard <small>${escapeHtml(version)}</small></h1><p class="${status}">${status}</p></header>
<main>${chains.map(card).join('')}</main>
<h2>Calls</h2><ul>${links.join('')}</ul>
<p class="note">Answers need a key: <code>steelyard keys create --name me</code> makes one, unless the configuration says otherwise.</p>
</body></html>
`
}

function card(chain: ChainHealth): string {
  const { id, kind, state, checkpoint, head, finalized, transfers, error, waiting } = chain
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['block', checkpoint && number(checkpoint.number)],
    ['head', head === undefined ? undefined : number(head)],
    ['final', finalized && number(finalized.number)],
    ['lag', lagOf(chain)],
    ['transfers', number(transfers)],
    ['waiting', waiting && `for ${waiting.for}, ${duration(waiting.seconds)}`],
  ]
  const rows = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`],
  )
  const trouble = error === undefined ? '' : `<p class="error">${escapeHtml(error)}</p>`
  return `<article><h3>${escapeHtml(id)} <small>${escapeHtml(kind)}</small></h3><p class="state ${escapeHtml(state)}">${escapeHtml(state)}</p>${trouble}<dl>${rows.join('')}</dl></article>`
}

/** Returns how far the last committed block is behind the head: in blocks, and in chain time. */
function lagOf({ head, checkpoint, lag_seconds: seconds }: ChainHealth): string | undefined {
  if (head === undefined || checkpoint === undefined || seconds === undefined) return undefined
  const blocks = Math.max(0, head - checkpoint.number)
  return blocks === 0 ? 'none' : `${number(blocks)} ${blocks === 1 ? 'block' : 'blocks'}, ${duration(seconds)}`
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${number(Math.round(seconds / 86_400))} days`
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}
