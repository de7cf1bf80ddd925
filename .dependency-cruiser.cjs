// Who may import whom: docs/ARCHITECTURE.md says why, this file holds it true. Types count as imports.

const TEST = '\\.(test|fixture)\\.ts$'
const NPM_AND_NODE = ['^node:', 'node_modules/']

/** The rules for single keys of the configuration. */
const CONFIG_FIELDS = '^src/config/(field|group|words)\\.ts$'

/** What the rest of src knows of the store. */
const SEAM = '^src/store/seam/'

/** The records of the raw log, which kinds of chains may make. */
const RECORDS = '^src/bulk/raw-log/(asset-dictionary|packed-blocks|record-fields|record-layout|unpack)\\.ts$'

/** A folder may import only these places of src, itself included. Packages are left to other rules. */
function only(name, from, allowed) {
  return {
    name,
    severity: 'error',
    from: { path: from, pathNot: TEST },
    to: { path: '^src/', pathNot: allowed },
  }
}

module.exports = {
  forbidden: [
    {
      name: 'core-imports-nothing',
      comment: 'core is pure: no I/O, no packages, no clock.',
      severity: 'error',
      from: { path: '^src/core/', pathNot: TEST },
      to: { pathNot: '^src/core/' },
    },
    only('json', '^src/json/', ['^src/(json|core)/']),
    only('access', '^src/access/', ['^src/(access|core)/', SEAM]),
    only('net', '^src/net/', ['^src/net/', '^src/core/']),
    only('the-seam-to-chains', '^src/chains/(adapter|account-reader)\\.ts$', [
      '^src/chains/account-reader\\.ts$',
      '^src/core/',
      RECORDS,
    ]),
    only('what-all-kinds-with-nodes-need', '^src/chains/nodes/', [
      '^src/chains/nodes/',
      '^src/chains/(adapter|account-reader)\\.ts$',
      '^src/(net|core)/',
    ]),
    only('a-chain-kind', '^src/chains/(?!nodes/)([^/]+)/', [
      '^src/chains/$1/',
      '^src/chains/nodes/',
      '^src/chains/(adapter|account-reader)\\.ts$',
      '^src/(net|json|core)/',
      RECORDS,
    ]),
    only('bulk', '^src/bulk/', [
      '^src/(bulk|core|journal)/',
      '^src/chains/(adapter|account-reader)\\.ts$',
      '^src/indexer/(range-fetcher|range-size)\\.ts$',
      SEAM,
    ]),
    only('the-seam-to-the-store', SEAM, [SEAM, '^src/(core|journal)/']),
    only('journal', '^src/journal/', ['^src/(journal|core)/']),
    only('store', '^src/store/', ['^src/store/', '^src/(core|journal)/']),
    only('indexer', '^src/indexer/', [
      '^src/indexer/',
      '^src/core/',
      '^src/chains/(adapter|account-reader)\\.ts$',
      SEAM,
    ]),
    only('audit', '^src/audit/', ['^src/(audit|indexer|core)/', '^src/chains/(adapter|account-reader)\\.ts$', SEAM]),
    only('ledger', '^src/ledger/', ['^src/ledger/', '^src/core/', '^src/chains/(adapter|account-reader)\\.ts$', SEAM]),
    only('tokens', '^src/tokens/', [
      '^src/(tokens|core|json)/',
      '^src/net/(http|wait|deadline)\\.ts$',
      '^src/chains/(adapter|account-reader)\\.ts$',
      SEAM,
    ]),
    only('verify', '^src/verify/', [
      '^src/(verify|core)/',
      '^src/balances/freshness\\.ts$',
      '^src/net/deadline\\.ts$',
      '^src/chains/(adapter|account-reader)\\.ts$',
      SEAM,
    ]),
    only('feed', '^src/feed/', ['^src/(feed|core)/', SEAM]),
    only('balances', '^src/balances/', [
      '^src/(balances|core|ledger|tokens)/',
      '^src/net/(deadline|wait)\\.ts$',
      '^src/chains/(adapter|account-reader)\\.ts$',
      SEAM,
    ]),
    only('custody', '^src/custody/', [
      '^src/(custody|balances|core|json|tokens)/',
      '^src/net/(deadline|wait)\\.ts$',
      '^src/chains/(adapter|account-reader)\\.ts$',
      SEAM,
    ]),
    only('api', '^src/api/([^/]+|dialects/[^/]+)\\.ts$', ['^src/api/', CONFIG_FIELDS]),
    only('api-schema', '^src/api/schema/', ['^src/api/schema/', '^src/(core|json)/']),
    only('api-http', '^src/api/http/', [
      '^src/api/(http|schema)/',
      '^src/(core|json|access|balances|tokens)/',
      '^src/chains/(adapter|account-reader)\\.ts$',
      '^src/config/(field|words)\\.ts$',
      SEAM,
    ]),
    only('a-dialect', '^src/api/dialects/([^/]+)/(?!settings\\.ts)', [
      '^src/api/dialects/$1/',
      '^src/api/(http|schema)/',
      '^src/(core|json|access|balances)/',
      '^src/tokens/(tokens|prices|prices-over)\\.ts$',
      '^src/(ledger|custody)/',
      '^src/chains/chia/words/address\\.ts$',
    ]),
    only('the-settings-of-a-dialect', '^src/api/dialects/[^/]+/settings\\.ts$', ['^src/core/', CONFIG_FIELDS]),
    {
      name: 'ledger-behind-abc-labs-only',
      severity: 'error',
      from: { path: '^src/api/dialects/', pathNot: '^src/api/dialects/abc-labs/' },
      to: { path: '^src/ledger/' },
    },
    {
      name: 'custody-behind-cobo-only',
      severity: 'error',
      from: { path: '^src/api/dialects/', pathNot: '^src/api/dialects/cobo/' },
      to: { path: '^src/custody/' },
    },
    {
      name: 'chia-words-behind-spacescan-only',
      comment: 'Its answers have token ids, which are written as addresses are.',
      severity: 'error',
      from: { path: '^src/api/dialects/', pathNot: ['^src/api/dialects/spacescan/', TEST] },
      to: { path: '^src/chains/' },
    },
    only('chains-registry', '^src/chains/registry\\.ts$', ['^src/(chains|core|net)/']),
    only('app', '^src/app/', ['^src/(?!cli/|demo/)']),
    only('cli', '^src/cli/', ['^src/(?!indexer/|audit/|store/sqlite/)']),
    only('demo', '^src/demo/', ['^src/(demo|core|json|net|config)/']),
    only('config', '^src/config/', ['^src/(config|core)/', '^src/access/origins\\.ts$']),
    {
      name: 'config-is-handed-down',
      comment: 'Only the composition roots, the command line and the demo know the whole configuration.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: ['^src/(config|cli|demo|app)/', TEST],
      },
      to: { path: '^src/config/', pathNot: CONFIG_FIELDS },
    },
    {
      name: 'app-is-the-root',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(app|cli)/', TEST] },
      to: { path: '^src/app/' },
    },
    {
      name: 'one-way-out',
      comment: 'net holds the only outgoing HTTP.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/net/', '^src/demo/', TEST] },
      to: { path: ['node_modules/undici/'] },
    },
    {
      name: 'one-place-for-sql',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/store/', TEST] },
      to: { path: ['node_modules/(better-sqlite3|pg)/', '^src/store/(?!seam/)[^/]+/'] },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-barrels',
      severity: 'error',
      from: {},
      to: { path: '(^|/)index\\.ts$', pathNot: 'node_modules/' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: [TEST, '\\.json$'] },
      to: {},
    },
    {
      name: 'ships-only-what-it-depends-on',
      severity: 'error',
      from: { path: '^src/', pathNot: TEST },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'source-stands-alone',
      severity: 'error',
      from: { path: '^src/', pathNot: TEST },
      to: { path: ['^(test|bench|scripts)/', TEST] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: NPM_AND_NODE },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
