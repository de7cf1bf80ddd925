import { type Felt, feltDigest, feltOf, selectorOf, ZERO } from './felt.ts'
import { eventsOf, type PlacedEvent, type StarknetBlock, type Transaction } from './state.ts'

/** The specifications of a node's answers (https://github.com/starkware-libs/starknet-specs). */
export type Spec = '0.9.0' | '0.10.2'

/** Where a block or transaction stands. */
export type Status = 'PRE_CONFIRMED' | 'ACCEPTED_ON_L2' | 'ACCEPTED_ON_L1'

/** What a header says besides its block. `commitment` is the root of its events, `0x0` if it is not given. */
export type Said = { readonly spec: Spec; readonly status: Status; readonly commitment: Felt }

type Json = Readonly<Record<string, unknown>>

const PRICES: Json = {
  l1_gas_price: { price_in_fri: '0x1416432dfc4d', price_in_wei: '0x3b9aca09' },
  l1_data_gas_price: { price_in_fri: '0x5645', price_in_wei: '0x1' },
  l2_gas_price: { price_in_fri: '0xb2d05e00', price_in_wei: '0x21299' },
  l1_da_mode: 'BLOB',
  starknet_version: '0.14.1',
}
const HANDLE_DEPOSIT = selectorOf('handle_deposit')
const BOUNDS = { max_amount: '0x5f5e100', max_price_per_unit: '0xba43b7400' }

/** The header of a block. A pre-confirmed block has a number, but no hash, no parent and no status. */
export function renderHeader(block: StarknetBlock, said: Said): Json {
  const { number, timestamp, sequencer } = block
  const common = { block_number: number, timestamp, sequencer_address: sequencer, ...PRICES }
  if (said.status === 'PRE_CONFIRMED') return common
  return {
    status: said.status,
    block_hash: block.hash,
    parent_hash: block.parent?.hash ?? ZERO,
    new_root: feltDigest(`state of ${block.hash}`),
    ...common,
    ...(said.spec === '0.9.0' ? {} : commitments(block, said.commitment)),
  }
}

/** Commitments are new in 0.10. All except the one of events only look like hashes. */
function commitments(block: StarknetBlock, commitment: Felt): Json {
  return {
    transaction_commitment: feltDigest(`transactions of ${block.hash}`),
    event_commitment: commitment,
    receipt_commitment: feltDigest(`receipts of ${block.hash}`),
    state_diff_commitment: feltDigest(`state diff of ${block.hash}`),
    event_count: eventsOf(block).length,
    transaction_count: block.transactions.length,
    state_diff_length: eventsOf(block).length * 2,
  }
}

/** A transaction without its hash, as in a block with receipts. */
export function renderTransaction({ kind, sender, nonce, calldata, fee, hash }: Transaction): Json {
  const signature = [feltDigest(`r of ${hash}`), feltDigest(`s of ${hash}`)]
  switch (kind) {
    case 'L1_HANDLER': {
      const call = { contract_address: sender, entry_point_selector: HANDLE_DEPOSIT, calldata }
      return { type: 'L1_HANDLER', version: '0x0', nonce, ...call }
    }
    case 'INVOKE 1': {
      const max_fee = feltOf(fee * 2n)
      return { type: 'INVOKE', version: '0x1', nonce, sender_address: sender, signature, calldata, max_fee }
    }
    case 'INVOKE 3':
      return {
        type: 'INVOKE',
        version: '0x3',
        nonce,
        sender_address: sender,
        signature,
        calldata,
        resource_bounds: { l1_gas: BOUNDS, l2_gas: BOUNDS, l1_data_gas: BOUNDS },
        tip: '0x0',
        paymaster_data: [],
        account_deployment_data: [],
        nonce_data_availability_mode: 'L1',
        fee_data_availability_mode: 'L1',
      }
  }
}

/** A receipt, as in a block: without the block's number and hash. */
export function renderReceipt(transaction: Transaction, status: Status): Json {
  const { kind, hash, fee, revertReason, events } = transaction
  return {
    ...(kind === 'L1_HANDLER'
      ? { type: 'L1_HANDLER', message_hash: feltDigest(`message of ${hash}`) }
      : { type: 'INVOKE' }),
    transaction_hash: hash,
    actual_fee: { amount: feltOf(fee), unit: kind === 'INVOKE 3' ? 'FRI' : 'WEI' },
    ...(revertReason === undefined
      ? { execution_status: 'SUCCEEDED' }
      : { execution_status: 'REVERTED', revert_reason: revertReason }),
    finality_status: status,
    messages_sent: [],
    events: events.map(({ address, keys, data }) => ({ from_address: address, keys, data })),
    execution_resources: { l1_gas: 0, l2_gas: 800_000 + events.length * 40_000, l1_data_gas: 128 },
  }
}

/** An event of `starknet_getEvents`. An event of a pre-confirmed block has no block hash. */
export function renderEvent(
  block: StarknetBlock,
  placed: PlacedEvent,
  { spec, status }: Omit<Said, 'commitment'>,
): Json {
  const { event, transaction, transactionIndex, eventIndex } = placed
  return {
    from_address: event.address,
    keys: event.keys,
    data: event.data,
    ...(status === 'PRE_CONFIRMED' ? {} : { block_hash: block.hash }),
    block_number: block.number,
    transaction_hash: transaction.hash,
    ...(spec === '0.9.0' ? {} : { transaction_index: transactionIndex, event_index: eventIndex }),
  }
}
