import type { AccountCodec } from '../../../core/account.ts'
import { accountsTest, type Coverage, type CoverageTest, coverageTest, type Scope } from '../../../core/coverage.ts'
import type { FollowedAccount } from '../../seam/followed.ts'
import { bytes, int, nullable, type Row, type SqliteDatabase, type Statement } from '../database.ts'

/** What changes of an account. */
type Change = Omit<FollowedAccount, 'account'>

/**
 * The accounts of a chain's file, in memory and in the table `followed`. Empty if the scope is not `accounts`. Changes run
 * inside the journal's transaction; if it fails, `reload` must be called.
 */
export class FollowedAccounts {
  /** What is indexed now: its accounts are those that are followed. */
  readonly coverage: Coverage
  /** Tells what `coverage` covers at the moment of the call. */
  readonly test: CoverageTest
  readonly #codec: AccountCodec
  readonly #s: ReturnType<typeof prepare>
  readonly #all = new Map<string, FollowedAccount>()
  readonly #followed = new Set<string>()
  /** Undefined if the followed accounts changed since it was made. */
  #scope: Scope | undefined
  /** Some account is known through a block. */
  #needsLeads = false

  constructor(db: SqliteDatabase, { codec, coverage }: { readonly codec: AccountCodec; readonly coverage: Coverage }) {
    this.#codec = codec
    this.#s = prepare(db)
    const { from, scope } = coverage
    if (scope.type !== 'accounts') {
      this.coverage = coverage
      this.test = coverageTest(coverage, codec.zeroAddress)
      return
    }
    const scopeNow = (): Scope => this.#scopeNow()
    this.coverage = {
      from,
      get scope() {
        return scopeNow()
      },
    }
    this.test = accountsTest(this.#followed, codec.zeroAddress)
    this.reload()
  }

  /** True if the changes of this account are stored, completely or as far as its history has been fetched. */
  readonly stores = (account: string): boolean => {
    const { scope } = this.coverage
    return scope.type === 'accounts' ? this.#all.get(account)?.isLeaving === false : this.test.keeps(account)
  }

  list(): readonly FollowedAccount[] {
    return [...this.#all.values()]
  }

  get(account: string): FollowedAccount | undefined {
    return this.#all.get(account)
  }

  /** Adds or changes an account. */
  put(account: string, change: Change): void {
    const known = this.#all.get(account)
    if (known !== undefined && isSame(known, change)) return
    const { through, leads, knownThrough, isFollowed, isLeaving, isCut } = change
    const stored = isFollowed ? null : (through ?? this.coverage.from - 1)
    this.#s.put.run(this.#codec.encode(account), stored, leads, isLeaving ? 1 : 0, knownThrough ?? null, isCut ? 1 : 0)
    if (isFollowed !== (known?.isFollowed ?? false)) this.#s.count.run()
    this.#set({ account, ...change })
  }

  drop(account: string): void {
    this.#s.drop.run(this.#codec.encode(account))
    this.#all.delete(account)
    if (!this.#followed.delete(account)) return
    this.#scope = undefined
    this.#s.count.run()
  }

  /** Records that a batch was read from whole blocks, which reveal all transfers. */
  appendedWhole({ first, through }: { readonly first: number; readonly through: number }): void {
    if (!this.#needsLeads || this.#s.knowOn.run(through, first - 1).changes === 0) return
    for (const one of this.#all.values()) {
      if (one.knownThrough === first - 1) this.#all.set(one.account, { ...one, knownThrough: through })
    }
  }

  /** Records that the rows above a block were removed. */
  rolledBack(ancestor: number): void {
    if (this.#all.size === 0) return
    const { rollBack, rollBackKnown } = this.#s
    if (rollBack.run({ ancestor }).changes + rollBackKnown.run({ ancestor }).changes > 0) this.reload()
  }

  /** Reads the table again. */
  reload(): void {
    if (this.coverage.scope.type !== 'accounts') return
    this.#all.clear()
    this.#followed.clear()
    this.#scope = undefined
    this.#needsLeads = false
    for (const row of this.#s.all.all()) this.#set(readFollowed(row, this.#codec))
  }

  #set(one: FollowedAccount): void {
    this.#all.set(one.account, one)
    this.#needsLeads ||= one.knownThrough !== undefined
    const changed = one.isFollowed ? !this.#followed.has(one.account) : this.#followed.has(one.account)
    if (!changed) return
    if (one.isFollowed) this.#followed.add(one.account)
    else this.#followed.delete(one.account)
    this.#scope = undefined
  }

  #scopeNow(): Scope {
    this.#scope ??= { type: 'accounts', accounts: [...this.#followed].sort() }
    return this.#scope
  }
}

/** The columns of the table `followed` that `readFollowed` takes, in its order. */
export const FOLLOWED_COLUMNS = 'account, through, leads, leaving, known_through, cut'

/** The account of a row of FOLLOWED_COLUMNS. */
export function readFollowed(row: Row, codec: AccountCodec): FollowedAccount {
  const [through, isLeaving] = [nullable(row[1], int), row[3] === 1]
  return {
    account: codec.decode(bytes(row[0])),
    isFollowed: through === undefined && !isLeaving,
    through,
    isLeaving,
    leads: int(row[2]),
    knownThrough: nullable(row[4], int),
    isCut: row[5] === 1,
  }
}

function isSame(known: FollowedAccount, change: Change): boolean {
  const { isFollowed, isLeaving, through, leads, knownThrough, isCut } = known
  return (
    isFollowed === change.isFollowed &&
    isLeaving === change.isLeaving &&
    through === change.through &&
    leads === change.leads &&
    knownThrough === change.knownThrough &&
    isCut === change.isCut
  )
}

function prepare(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare(text)
  return {
    all: sql(`SELECT ${FOLLOWED_COLUMNS} FROM followed`).raw(),
    put: sql('INSERT OR REPLACE INTO followed VALUES (?, ?, ?, ?, ?, ?)'),
    drop: sql('DELETE FROM followed WHERE account = ?'),
    knowOn: sql('UPDATE followed SET known_through = ? WHERE known_through = ?'),
    rollBack: sql('UPDATE followed SET through = @ancestor WHERE through > @ancestor'),
    rollBackKnown: sql('UPDATE followed SET known_through = @ancestor WHERE known_through > @ancestor'),
    count: sql('UPDATE chain SET followings = followings + 1'),
  }
}
