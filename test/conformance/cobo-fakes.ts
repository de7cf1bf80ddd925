/** Custody over rows that a test gives, for what real chains cannot show: extreme amounts, odd ids, failures. */
import { randomUUID } from 'node:crypto'
import { vendorNames } from '../../src/api/dialects/cobo/vendor-names.ts'
import { assetText } from '../../src/core/asset.ts'
import type { Page, PageRequest, RowKey, Wallet, WatchedAddress } from '../../src/core/custody.ts'
import { ServiceError } from '../../src/core/errors.ts'
import type { ChainAsset, Custody, CustodyBalance, CustodyTransaction } from '../../src/custody/custody.ts'
import { asOf, NOW } from './chainbase-fakes.ts'

/** What the custody answers. `failing` throws instead. `balances` and `transactions`: those of each wallet, by its uuid. */
export type CustodyWorld = {
  readonly wallets?: readonly Wallet[]
  readonly addresses?: readonly WatchedAddress[]
  readonly balances?: readonly CustodyBalance[]
  readonly transactions?: readonly CustodyTransaction[]
  readonly names?: Parameters<typeof vendorNames>[0]
  readonly failing?: () => never
}

/** What was asked for. */
export type Asked = {
  readonly refresh: boolean
  readonly address: string | undefined
  readonly offset: bigint | undefined
}

/** Returns a wallet with one repeated digit as its uuid. */
export function wallet(digit: string, other: Partial<Wallet> = {}): Wallet {
  const d = (count: number): string => digit.repeat(count)
  return {
    uuid: `${d(8)}-${d(4)}-4${d(3)}-8${d(3)}-${d(12)}`,
    principal: 'default',
    type: 'Custodial',
    name: `wallet ${digit}`,
    status: 'active',
    metadata: '{}',
    createdAt: NOW - 100,
    updatedAt: NOW - 50,
    ...other,
  }
}

const NOTHING = { settings: { chains: [], tokens: [] }, listed: () => [] }

/** The wallets and addresses of a world, which calls change. */
class Books {
  readonly wallets: Wallet[]
  readonly addresses: WatchedAddress[]

  constructor(world: CustodyWorld) {
    this.wallets = [...(world.wallets ?? [])]
    this.addresses = [...(world.addresses ?? [])]
  }

  own(principal: string, uuid: string): Wallet | undefined {
    return this.wallets.find((one) => one.principal === principal && one.uuid === uuid)
  }
}

function walletsOf(books: Books): Custody['wallets'] {
  return {
    create: async ({ principal, type, name, metadata = '{}' }) => {
      const times = { createdAt: NOW, updatedAt: NOW }
      const made = wallet('0', { uuid: randomUUID(), principal, type, name, metadata, ...times })
      books.wallets.push(made)
      return made
    },
    get: async ({ principal, wallet: uuid }) => books.own(principal, uuid),
    list: async ({ principal, includeArchived, page }) => {
      const all = books.wallets.filter((one) => one.principal === principal)
      return pageOf(
        all.filter(({ status }) => includeArchived || status !== 'archived'),
        page,
      )
    },
    update: async ({ principal, wallet: uuid, name, status, metadata }) => {
      const found = books.own(principal, uuid)
      if (found === undefined) return undefined
      const changed = { ...found, name: name ?? found.name, status: status ?? found.status, updatedAt: NOW }
      books.wallets[books.wallets.indexOf(found)] = { ...changed, metadata: metadata ?? found.metadata }
      return books.own(principal, uuid)
    },
  }
}

function addressesOf(books: Books): Custody['addresses'] {
  return {
    watch: async ({ principal, wallet: uuid, family, address }) => {
      if (books.own(principal, uuid) === undefined) return undefined
      const row = { wallet: uuid, family, address, derivationIndex: undefined, createdAt: NOW }
      books.addresses.push(row)
      return row
    },
    deriveNext: async () => {
      throw new ServiceError('BAD_REQUEST', 'The wallet has no valid xpub')
    },
    list: async ({ principal, wallet: uuid, page }) =>
      books.own(principal, uuid) &&
      pageOf(
        books.addresses.filter((one) => one.wallet === uuid),
        page,
      ),
  }
}

/** Custody of a world, and what its balances were asked for. */
export function fakeCustody(world: CustodyWorld = {}): { readonly custody: Custody; readonly asked: readonly Asked[] } {
  const books = new Books(world)
  const asked: Asked[] = []
  const custody: Custody = {
    wallets: walletsOf(books),
    addresses: addressesOf(books),
    holds: {
      place: unused,
      decimals: async () => undefined,
      release: async () => undefined,
      get: async () => undefined,
    },
    ids: idsOf(world),
    balances: async ({ principal, wallet: uuid, chain, address, asset, page, refresh = false }) => {
      world.failing?.()
      asked.push({ refresh, address, offset: page.offset })
      const rows = (world.balances ?? []).filter(
        (row) =>
          books.own(principal, row.wallet) !== undefined &&
          (uuid === undefined || row.wallet === uuid) &&
          (chain === undefined || row.chain === chain) &&
          (address === undefined || row.address === address) &&
          (asset === undefined || assetText(row.chain, row.asset) === assetText(row.chain, asset)),
      )
      const found = pageOf(rows, page)
      const chains = [...new Set(found.rows.map((row) => row.chain))]
      return { ...found, asOf: chains.map((id) => ({ chain: id, asOf: asOf() })) }
    },
    transactions: async ({ principal }) => {
      const rows = (world.transactions ?? []).filter((row) => books.own(principal, row.wallet) !== undefined)
      const none = { first: undefined, last: undefined, hasEarlier: false, hasLater: false, total: undefined }
      return { rows, ...none, asOf: [] }
    },
  }
  return { custody, asked }
}

async function unused(): Promise<never> {
  throw new ServiceError('UNAVAILABLE', 'not part of this test')
}

function idsOf({ names = NOTHING }: CustodyWorld): Custody['ids'] {
  const rule = vendorNames(names)
  const given = new Map<string, ChainAsset>()
  return {
    ofChain: async (chain) => rule.ofChain(chain)[0] ?? '',
    ofAssets: async (assets) =>
      assets.map((asset) => {
        const [id = ''] = rule.ofAsset(asset)
        given.set(id, asset)
        return id
      }),
    asset: async (id) => given.get(id),
  }
}

/** A page of rows whose keys are their places from 1 on. */
function pageOf<Row>(all: readonly Row[], page: PageRequest<RowKey>): Page<Row, RowKey> {
  const { limit, after = 0, before, offset } = page
  const from = offset === undefined ? after : Math.min(Number(offset), all.length)
  const start = before === undefined ? from : Math.max(0, before - 1 - limit)
  const rows = all.slice(start, before === undefined ? start + limit : before - 1)
  const last = start + rows.length
  const ends = rows.length === 0 ? { first: undefined, last: undefined } : { first: start + 1, last }
  const total = offset === undefined ? undefined : BigInt(all.length)
  return { rows, ...ends, hasEarlier: start > 0, hasLater: last < all.length, total }
}
