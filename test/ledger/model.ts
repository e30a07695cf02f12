import type { AccountKind } from '../../src/ledger/room.ts';

/** The accounts of a model run, named by their place in this list. */
export const cast: readonly AccountKind[] = [
  'clearing', 'platform_fee', 'wallet', 'wallet', 'wallet', 'reserved', 'payout', 'earnings', 'debt',
];
export const BANK = 0;
export const FEE = 1;
export const EARNINGS = 7;
export const DEBT = 8;

/** What a batch may ask for, in the words of the model. */
export type Operation =
  | { readonly do: 'move'; readonly from: number; readonly to: number; readonly amount: number; readonly fee: number }
  | { readonly do: 'credit'; readonly from: number; readonly amount: number }
  | { readonly do: 'takeBack'; readonly amount: number }
  | { readonly do: 'lend'; readonly amount: number };

/** `ok`, or who was short by how much of what. */
export type Decision = string;

export interface ModelEntry {
  readonly account: number;
  readonly version: number | null;
  readonly amount: number;
  readonly after: number | null;
}

/** A ledger without a database, a lock or a batch: what the real one must agree with, one batch after the other. */
export class ModelLedger {
  readonly balances: number[] = cast.map(() => 0);
  readonly versions: number[] = cast.map(() => 0);
  readonly entries: ModelEntry[] = [];
  held = 0;

  run(batch: readonly Operation[]): Decision[] {
    let holds = 0;
    const decisions = batch.map((operation) => {
      const moves = this.#movesOf(operation);
      const decision = this.#decide(moves);
      if (decision !== 'ok') return decision;
      for (const [account, amount] of moves) this.#apply(account, amount);
      if (operation.do === 'credit') holds += moves.find(([account]) => account === EARNINGS)?.[1] ?? 0;
      if (operation.do === 'takeBack') holds -= operation.amount;
      return decision;
    });
    this.held = Math.max(0, this.held + holds);
    return decisions;
  }

  #movesOf(operation: Operation): [number, number][] {
    const { amount } = operation;
    const moves: [number, number][] = [];
    if (operation.do === 'move') {
      moves.push([operation.from, -amount], [operation.to, amount - operation.fee], [FEE, operation.fee]);
    } else if (operation.do === 'credit') {
      const repaid = Math.min(amount, -(this.balances[DEBT] as number));
      moves.push([operation.from, -amount], [DEBT, repaid], [EARNINGS, amount - repaid]);
    } else if (operation.do === 'takeBack') moves.push([EARNINGS, -amount], [BANK, amount]);
    else moves.push([DEBT, -amount], [BANK, amount]);
    return moves.filter(([, moved]) => moved !== 0);
  }

  #decide(moves: readonly [number, number][]): Decision {
    for (const [account, amount] of moves) {
      const balance = this.balances[account] as number;
      if (isGuardedAtZero(account) && balance + amount < 0) return `${account} short ${-(balance + amount)} of ${balance}`;
    }
    return 'ok';
  }

  #apply(account: number, amount: number): void {
    const after = (this.balances[account] as number) + amount;
    this.balances[account] = after;
    const guarded = isGuardedAtZero(account) || account === DEBT;
    if (guarded) this.versions[account] = (this.versions[account] as number) + 1;
    this.entries.push({ account, amount, version: guarded ? (this.versions[account] as number) : null, after: guarded ? after : null });
  }
}

function isGuardedAtZero(account: number): boolean {
  return !['clearing', 'platform_fee', 'debt'].includes(cast[account] as string);
}
