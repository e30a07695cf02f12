import { formatMoney, money } from '../../money/room.ts';
import { decideCharge, readChargeById } from './charges.ts';
import type { Desk } from './desk.ts';
import { decideMethod, readMethodById } from './methods.ts';

/** What a page answers: itself, or where to go on. */
export interface PageAnswer {
  readonly status: number;
  readonly html: string;
  readonly location: string | null;
}

/** The page on which a payer confirms or refuses, as a bank would show it. */
export async function showAction({ db }: Desk, id: string): Promise<PageAnswer> {
  const what = await describe(db, id);
  if (what === null) return { status: 404, html: page('<p>There is no such payment.</p>'), location: null };
  if (!what.isOpen) return { status: 200, html: page(`<p>${what.text} is decided already. You may close this page.</p>`), location: null };
  const form = '<form method="post"><button name="decision" value="CONFIRMED">Confirm</button> <button name="decision" value="REFUSED">Refuse</button></form>';
  return { status: 200, html: page(`<p>${what.text} waits for you.</p>${form}`), location: null };
}

/** Takes what the payer chose, and sends the payer back to where the payment began. */
export async function decideAction(desk: Desk, id: string, decision: 'CONFIRMED' | 'REFUSED'): Promise<PageAnswer> {
  const decided = id.startsWith('ch_') ? await decideCharge(desk, id, decision) : await decideMethod(desk, id, decision);
  if (decided?.returnUrl) return { status: 303, html: page('<p>Going back.</p>'), location: decided.returnUrl };
  return showAction(desk, id);
}

async function describe(db: Desk['db'], id: string): Promise<{ readonly text: string; readonly isOpen: boolean } | null> {
  if (id.startsWith('ch_')) {
    const charge = await readChargeById(db, id);
    return charge && { text: `The payment of ${escaped(formatMoney(money(charge.amountMicros, charge.currency)))}`, isOpen: charge.status === 'ACTION_REQUIRED' };
  }
  const method = await readMethodById(db, id);
  return method && { text: 'The card to be saved', isOpen: method.status === 'ACTION_REQUIRED' };
}

function page(content: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sandbox Bank</title><h1>Sandbox Bank</h1>${content}</html>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
