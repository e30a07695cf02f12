import type { Peer } from './cost-peers.ts';

/** Amounts are micros of a US dollar. */
export interface TopUpCost {
  readonly amountMicros: bigint;
  readonly chargedMicros: bigint;
}

export interface TipCost {
  readonly funding: 'WALLET' | 'CARD';
  readonly isAvailable: boolean;
  readonly amountMicros: bigint;
  readonly processorFeeMicros: bigint;
  readonly platformFeeMicros: bigint;
  readonly receivedMicros: bigint;
}

export interface CostFindings {
  readonly topUps: readonly TopUpCost[];
  readonly tips: readonly TipCost[];
  readonly earnedMicros: bigint;
  readonly paidOutMicros: bigint;
}

/** Micros as dollars, without zeros beyond the cent. */
function dollars(micros: bigint): string {
  const size = micros < 0n ? -micros : micros;
  const fraction = String(size % 1_000_000n).padStart(6, '0').replace(/0{1,4}$/, '');
  return `${micros < 0n ? '-' : ''}${size / 1_000_000n}.${fraction}`;
}

/** A share in per cent, to a tenth, rounded to the nearest. */
function percent(part: bigint, whole: bigint): string {
  const tenths = (2_000n * part + whole) / (2n * whole);
  return `${tenths / 10n}.${tenths % 10n} %`;
}

/** What a tip costs a fan whose wallet was topped up so: the tip, and its share of what the card charged beyond the top-up. */
function withTopUp(tip: TipCost, { amountMicros, chargedMicros }: TopUpCost): bigint {
  return (tip.amountMicros * chargedMicros + amountMicros - 1n) / amountMicros;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The report as Markdown. */
export function costReport(findings: CostFindings, peers: readonly Peer[]): string {
  const wallet = findings.tips.filter(({ funding }) => funding === 'WALLET');
  const card = findings.tips.filter(({ funding }) => funding === 'CARD');
  const first = findings.topUps[0] as TopUpCost;
  const detail = wallet.map((tip) => {
    const paid = withTopUp(tip, first);
    return [dollars(tip.amountMicros), dollars(paid), dollars(paid - tip.amountMicros), dollars(tip.platformFeeMicros), dollars(tip.receivedMicros), percent(tip.receivedMicros, paid)];
  });
  const byCard = card.map((tip) => [
    dollars(tip.amountMicros), dollars(tip.amountMicros), dollars(tip.processorFeeMicros), dollars(tip.platformFeeMicros),
    ...(tip.isAvailable ? [dollars(tip.receivedMicros), percent(tip.receivedMicros, tip.amountMicros)] : ['refused', 'nothing']),
  ]);
  const shares: readonly (readonly string[])[] = [
    ...findings.topUps.toSorted((a, b) => Number(a.amountMicros - b.amountMicros)).map((topUp) => [
      `Farthing, wallet topped up with ${dollars(topUp.amountMicros)}`, ...wallet.map((tip) => percent(tip.receivedMicros, withTopUp(tip, topUp))),
    ]),
    ['Farthing, by card', ...card.map((tip) => (tip.isAvailable ? percent(tip.receivedMicros, tip.amountMicros) : 'refused'))],
    ...peers.map((peer) => [peer.name, ...wallet.map((tip) => shareOf(peer, tip.amountMicros))]),
  ];
  return `# What reaches the creator

Made by \`npm run bench cost\`, which starts a server, tops wallets up, sends these tips, pays the creator out, and reads what it cost from
the API; previews and payments agreed to the micro. The processor is the sandbox, which takes 2.9 % + 0.30 of a charge, rounded up to the
cent, and nothing of a payout. The platform keeps its default of 5 % (\`PLATFORM_FEE_BPS\`); who hosts Farthing may set it to 0. Fans pay
the card's fee of a top-up (\`TOP_UP_FEE=fan\`). All amounts are US dollars; nothing is rounded but the shares.

## From the wallet

The wallet was topped up with ${dollars(first.amountMicros)}, for which the card paid ${dollars(first.chargedMicros)}; each tip bears its share of the difference.

${table(['Tip', 'Fan pays', 'of it card', 'of it platform', 'Creator gets', 'Share'], detail)}

## By card

The tip is one charge, and bears its fee. Below 0.50 the card is not charged at all.

${table(['Tip', 'Fan pays', 'of it card', 'of it platform', 'Creator gets', 'Share'], byCard)}

All tips came to ${dollars(findings.earnedMicros)} for the creator, and ${dollars(findings.paidOutMicros)} arrived at the bank; what is less than a cent stays for the next payout.

## Beside others

What reaches the creator of all that the fan paid, by the fees that others publish. "Negative": the fees are more than the tip.
"None": there is no such tip. A processor's least charge, sales tax, currency conversion and what a payout costs elsewhere are not counted.

${table(['', ...wallet.map(({ amountMicros }) => dollars(amountMicros))], shares)}

${peers.map((peer) => `- **${peer.name}**: ${peer.basis} ${peer.sources.map((source) => `<${source}>`).join(', ')}`).join('\n')}

The others' figures come from stored copies of these pages and may be out of date; the arithmetic is in \`cost-peers.ts\`.
`;
}

function shareOf(peer: Peer, tipMicros: bigint): string {
  const cost = peer.cost(tipMicros);
  if (!cost) return 'none';
  return cost.receivedMicros <= 0n ? 'negative' : percent(cost.receivedMicros, cost.paidMicros);
}
