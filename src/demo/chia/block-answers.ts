import { type Block, hex } from './chain.ts'
import { coinJson, recordsJson, spendJson, text } from './coin-answers.ts'
import { bytesIn, type Fields, NodeFailure, numberIn } from './node-failure.ts'
import type { AnswerOf, View } from './view.ts'

/** The calls for blocks and the state of the chain. */
export const blockAnswers: Readonly<Record<string, AnswerOf>> = {
  get_network_info: ({ chain, options: { network } }) => ({
    network_name: network,
    network_prefix: network === 'mainnet' ? 'xch' : 'txch',
    genesis_challenge: text(chain.genesisChallenge),
  }),
  get_blockchain_state: (view) => ({ blockchain_state: stateJson(view) }),
  get_block_record_by_height: (view, request) => {
    const number = numberIn(request, 'height')
    const block = canonical(view, number)
    if (block === undefined) {
      throw new NodeFailure('BLOCK_HEIGHT_NOT_FOUND', `Block height ${number} not found in chain`, {
        words: 'Block height not found in chain',
        data: { height: number },
      })
    }
    return { block_record: blockJson(view, block) }
  },
  get_block_record: (view, request) => {
    const hash = bytesIn(request, 'header_hash')
    const block = known(view, hash)
    if (block === undefined) throw absent('BLOCK_DOES_NOT_EXIST', 'does not exist', hash)
    return { block_record: blockJson(view, block) }
  },
  get_block_records: (view, request) => {
    const [start, end] = [numberIn(request, 'start'), numberIn(request, 'end')]
    const records: Fields[] = []
    for (let number = start; number < end; number++) {
      const block = canonical(view, number)
      if (block === undefined) break
      records.push(blockJson(view, block))
    }
    return { block_records: records }
  },
  get_block_spends: (view, request) => {
    const spends = view.chain.spendsOf(full(view, request))
    return { block_spends: view.options.omitsSpends ? [] : spends.map(spendJson) }
  },
  get_additions_and_removals: (view, request) => {
    const block = full(view, request)
    const hash = hex(block.hash)
    const now = canonical(view, block.number)
    if (now === undefined || hex(now.hash) !== hash) {
      throw new NodeFailure('BLOCK_IN_FORK', `Block at ${hash} is no longer in the blockchain (it's in a fork)`, {
        words: 'Block is no longer in the blockchain (in a fork)',
        data: { header_hash: hash },
      })
    }
    const { additions, removals } = view.chain.changesOf(block)
    return { additions: recordsJson(view, additions), removals: recordsJson(view, removals) }
  },
}

function canonical({ chain, top }: View, number: number): Block | undefined {
  return number > top ? undefined : chain.at(number)
}

/** A node keeps blocks that were replaced, and lacks those above its head. */
function known({ chain, top }: View, hash: Uint8Array): Block | undefined {
  const block = chain.find(hash)
  return block !== undefined && block.number <= top ? block : undefined
}

function full(view: View, request: Fields): Block {
  const hash = bytesIn(request, 'header_hash')
  const block = known(view, hash)
  if (block === undefined) throw absent('BLOCK_NOT_FOUND', 'not found', hash)
  return block
}

function absent(code: string, what: string, hash: Uint8Array): NodeFailure {
  const data = { header_hash: hex(hash) }
  return new NodeFailure(code, `Block ${hex(hash)} ${what}`, { words: `Block ${what}`, data })
}

function stateJson(view: View): Fields {
  const newest = canonical(view, view.top)
  return {
    average_block_time: 18,
    block_max_cost: 11_000_000_000,
    difficulty: 1,
    genesis_challenge_initialized: true,
    mempool_cost: 0,
    mempool_fees: 0,
    mempool_max_total_cost: 110_000_000_000,
    mempool_min_fees: { cost_5000000: 0 },
    mempool_size: 0,
    node_id: text(view.chain.genesisChallenge).slice(2),
    peak: newest === undefined ? null : blockJson(view, newest),
    space: 0,
    sub_slot_iters: 1,
    sync: { sync_mode: false, sync_progress_height: 0, sync_tip_height: 0, synced: true },
  }
}

/** A proof of time that proves nothing. */
const NO_VDF = `0x08${'00'.repeat(99)}`

/** Fields that only blocks with transactions have are null in others. */
function blockJson({ chain }: View, block: Block): Fields {
  const { number, hash, parent, timestamp, hasTransactions, transactionsBelow, rewards } = block
  const below = chain.at(transactionsBelow)?.hash ?? chain.genesisChallenge
  return {
    challenge_block_info_hash: text(hash),
    challenge_vdf_output: { data: NO_VDF },
    deficit: 15,
    farmer_puzzle_hash: text(rewards[0]?.puzzleHash ?? hash),
    fees: hasTransactions ? 0 : null,
    finished_challenge_slot_hashes: null,
    finished_infused_challenge_slot_hashes: null,
    finished_reward_slot_hashes: null,
    header_hash: text(hash),
    height: number,
    infused_challenge_vdf_output: null,
    overflow: false,
    pool_puzzle_hash: text(rewards[0]?.puzzleHash ?? hash),
    prev_hash: text(parent),
    prev_transaction_block_hash: hasTransactions ? text(below) : null,
    prev_transaction_block_height: transactionsBelow,
    required_iters: 1,
    reward_claims_incorporated: hasTransactions ? rewards.map(coinJson) : null,
    reward_infusion_new_challenge: text(hash),
    signage_point_index: 0,
    sub_epoch_summary_included: null,
    sub_slot_iters: 1,
    timestamp: hasTransactions ? timestamp : null,
    total_iters: number,
    weight: number,
  }
}
