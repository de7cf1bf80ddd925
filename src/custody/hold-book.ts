import { randomUUID } from 'node:crypto'
import { type AssetRef, NO_ITEM } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import { type Hold, MAX_REQUEST_ID_CHARACTERS, type Principal } from '../core/custody.ts'
import { ServiceError } from '../core/errors.ts'
import { isLabel } from '../core/label.ts'
import type { HoldStore, MemberStore, PlacedHold } from '../store/seam/custody.ts'
import type { CustodyChain, CustodyChains } from './chains.ts'
import type { Holds } from './custody.ts'
import type { RowMaker } from './rows.ts'

/** Most active holds on one asset of an address: their sum is made for each row that is listed. */
const MAX_ACTIVE_HOLDS = 1_000

/** The dependencies of `createHolds`. `now`: Unix seconds. */
export type HoldDeps = {
  readonly holds: HoldStore
  readonly members: MemberStore
  readonly chains: CustodyChains
  readonly decimalsOf: RowMaker['decimalsOf']
  readonly now: () => number
}

/** Amounts that are set aside. */
export function createHolds(deps: HoldDeps): Holds {
  const { holds, now } = deps
  return {
    place: async (request) => {
      const { principal, wallet, asset, amount, requestId } = request
      if (!isLabel(requestId, MAX_REQUEST_ID_CHARACTERS)) {
        throw new ServiceError(
          'BAD_REQUEST',
          `a request id is visible text of at most ${MAX_REQUEST_ID_CHARACTERS} characters`,
        )
      }
      if (amount <= 0n) throw new ServiceError('PARAMETER_INVALID', 'the amount of a hold is greater than 0')
      const at = placeOf(request, deps.chains)
      if (at === undefined) return undefined
      const { chain, address } = at
      const hold = { id: randomUUID(), wallet, chain: chain.id, address, asset, amount, requestId, createdAt: now() }
      const placing = { principal, hold, maxActive: MAX_ACTIVE_HOLDS }
      // A repeat gets the first hold, whatever the balance is by now.
      const isRepeat = (await holds.byRequest(principal, requestId)) !== undefined
      if (isRepeat) return placed(await holds.place({ ...placing, available: 0n }))
      if (!(await isListed(deps.members, { principal, wallet, asset }, at))) return undefined
      const { rows } = await chain.use().funds.of([{ account: address, asset, item: NO_ITEM }])
      const available = rows[0]?.settled
      if (available === undefined) throw new ServiceError('BALANCE_UNKNOWN', 'the balance is not known at the moment')
      return placed(await holds.place({ ...placing, available }))
    },
    decimals: async (request) => {
      const at = placeOf(request, deps.chains)
      if (at === undefined || !(await isListed(deps.members, request, at))) return undefined
      const [decimals] = await deps.decimalsOf(at.chain, [request.asset])
      if (decimals === undefined) throw new ServiceError('BALANCE_UNKNOWN', 'the decimals of the token are not known')
      return decimals
    },
    release: async ({ principal, wallet, id }) => holds.release({ principal, wallet }, id, now()),
    get: async ({ principal, wallet, id }) => holds.get({ principal, wallet }, id),
  }
}

/** Where a balance is: a configured chain, and an address of it in canonical form. */
type Place = { readonly chain: CustodyChain; readonly address: string }

function placeOf(
  { chain: id, address: text }: { readonly chain: ChainId; readonly address: string },
  chains: CustodyChains,
): Place | undefined {
  const chain = chains.get(id)
  const address = chain?.parseAddress(text)
  return chain === undefined || address === undefined ? undefined : { chain, address }
}

/** True if the wallet has a row of the asset at the address. */
async function isListed(
  members: MemberStore,
  { principal, wallet, asset }: { readonly principal: Principal; readonly wallet: string; readonly asset: AssetRef },
  { chain, address }: Place,
): Promise<boolean> {
  const addresses = [{ family: chain.family, address }]
  const rows = await members.rows({ principal, wallet, chain: chain.id, addresses, asset }, { after: 0, limit: 1 })
  return rows.length > 0
}

function placed(result: PlacedHold): Hold | undefined {
  if (result === undefined) return undefined
  switch (result.outcome) {
    case 'placed':
      return result.hold
    case 'other':
      throw new ServiceError('BAD_REQUEST', 'this request id was used for another hold')
    case 'full':
      throw new ServiceError(
        'BAD_REQUEST',
        `there are ${MAX_ACTIVE_HOLDS} active holds on this balance, which is the most`,
      )
    case 'short':
      throw new ServiceError('PARAMETER_INVALID', 'the amount is more than what can be spent', {
        fields: { left: result.left.toString() },
      })
  }
}
