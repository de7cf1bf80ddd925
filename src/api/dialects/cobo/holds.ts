import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { format, parse } from '../../../core/amount.ts'
import type { Hold } from '../../../core/custody.ts'
import type { Reply } from '../../http/route.ts'
import { zulu } from '../../http/utc-time.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { principalOf } from './access.ts'
import type { CoboDeps } from './deps.ts'
import { one } from './envelope.ts'
import { wrongValue } from './errors.ts'
import type { HoldAnswer, NothingAnswer, PlaceHoldBody } from './schema-wallets.ts'
import { mustExist } from './wallets.ts'

type Answered = Reply<Answer<Static<typeof HoldAnswer>>>
type HoldOf = { readonly wallet: string; readonly id: string }

/**
 * Sets a part of a balance aside. A repeat of a request returns the first hold.
 * @throws NOT_FOUND there is no such wallet, or it has no such balance; ParameterError; BAD_REQUEST, PARAMETER_INVALID it is
 * more than can be spent, or the request's id was used for another hold; BALANCE_UNKNOWN
 */
export async function placeHold(
  deps: CoboDeps,
  { wallet, body }: { readonly wallet: string; readonly body: Static<typeof PlaceHoldBody> },
  request: FastifyRequest,
): Promise<Answered> {
  const principal = principalOf(request)
  const { custody } = deps
  const { address, token_id, request_id: requestId } = body
  mustExist(await custody.wallets.get({ principal, wallet }))
  const token = mustExist(await custody.ids.asset(token_id))
  const decimals = mustExist(await custody.holds.decimals({ principal, wallet, address, ...token }))
  const amount = amountOf(body.amount, decimals)
  const hold = await custody.holds.place({ principal, wallet, address, ...token, amount, requestId })
  return { status: 201, body: one(holdOf(mustExist(hold), { token_id, decimals })) }
}

/** A hold of a wallet. @throws NOT_FOUND, BALANCE_UNKNOWN */
export async function getHold(deps: CoboDeps, { wallet, id }: HoldOf, request: FastifyRequest): Promise<Answered> {
  const principal = principalOf(request)
  const hold = mustExist(await deps.custody.holds.get({ principal, wallet, id }))
  const { chain, asset, address } = hold
  const decimals = mustExist(await deps.custody.holds.decimals({ principal, wallet, address, chain, asset }))
  const [token_id = ''] = await deps.custody.ids.ofAssets([{ chain, asset }])
  return { body: one(holdOf(hold, { token_id, decimals })) }
}

/** Releases a hold. A repeat changes nothing. @throws NOT_FOUND */
export async function releaseHold(
  { custody }: CoboDeps,
  { wallet, id }: HoldOf,
  request: FastifyRequest,
): Promise<Reply<Answer<Static<typeof NothingAnswer>>>> {
  mustExist(await custody.holds.release({ principal: principalOf(request), wallet, id }))
  return { body: one(null) }
}

/** The base units of an amount. @throws ParameterError it is no decimal text, not above 0, or has too many decimals */
function amountOf(text: string, decimals: number): bigint {
  const amount = parse(text, decimals)
  if (amount === undefined) {
    const says = `Input should be decimal text with at most ${decimals} decimals`
    throw wrongValue('body', 'amount', { is: 'value', type: 'decimal_parsing', says })
  }
  if (amount > 0n) return amount
  throw wrongValue('body', 'amount', { is: 'value', type: 'greater_than', says: 'Input should be greater than 0' })
}

function holdOf(
  { id, wallet, address, amount, requestId, status, createdAt }: Hold,
  { token_id, decimals }: { readonly token_id: string; readonly decimals: number },
): Answer<Static<typeof HoldAnswer>>['result'] {
  const shown = { token_id, amount: format(amount, decimals), request_id: requestId }
  return { id, wallet_uuid: wallet, address, ...shown, status, created_at: zulu(createdAt) }
}
