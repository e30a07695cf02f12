/** What others publish of their fees, and where. Amounts are micros of a US dollar. */
export interface Peer {
  readonly name: string;
  /** What of a tip reaches the creator, and what the fan pays for it; null where there can be no such tip. */
  readonly cost: (tipMicros: bigint) => { readonly paidMicros: bigint; readonly receivedMicros: bigint } | null;
  /** The published fee, in words, with the addresses it was read at. */
  readonly basis: string;
  readonly sources: readonly string[];
}

const cent = 10_000n;
const upToCent = (micros: bigint): bigint => ((micros + cent - 1n) / cent) * cent;

/** A card at 2.9 % and 0.30, to the cent as processors do, and a platform's share of the whole. */
const byCard = (platformBps: bigint) => (tipMicros: bigint) => {
  const cardMicros = upToCent((tipMicros * 290n) / 10_000n + 300_000n);
  return { paidMicros: tipMicros, receivedMicros: tipMicros - cardMicros - (tipMicros * platformBps) / 10_000n };
};

export const peers: readonly Peer[] = [
  {
    name: 'Patreon',
    cost: byCard(1_000n),
    basis: '10 % of payments to pages published since August 2025, and 2.9 % + 0.30 for a card in the USA. Patreon\'s own page of fees was not in the '
      + 'copies that could be read, so this rests on others\' reports. Patreon has had a lower rate for payments up to 3 USD; what it is today could not be sourced, and is left out.',
    sources: [
      'https://www.patron.com/blog/post/patron-fee-changes-2025',
      'https://all-about-making-money-online.com/blogs/memberships-just-got-pricier-how-patreon-s-new-10-fee-and-apple-s-court-twist-change-your-q4-2025-monetization-game',
    ],
  },
  {
    name: 'Ko-fi',
    cost: byCard(0n),
    basis: 'Nothing of donations to a free page (5 % with its extra features), and the card fee of Stripe or PayPal, 2.9 % + 0.30.',
    sources: ['https://help.ko-fi.com/hc/en-us/articles/360013140633-Supporter-payments-FAQ', 'https://terms.law/ToS-Watchdog/crowdfunding/kofi'],
  },
  {
    name: 'Buy Me a Coffee',
    cost: byCard(500n),
    basis: '5 %, and the card fee of 2.9 % + 0.30.',
    sources: ['https://help.buymeacoffee.com/en/articles/8105744-how-to-calculate-charges-on-your-payment'],
  },
  {
    name: 'Twitch Bits',
    // A Bit is a cent, and the smallest there is.
    cost: (tipMicros) => (tipMicros % cent === 0n ? { paidMicros: (tipMicros * 140n) / 100n, receivedMicros: tipMicros } : null),
    basis: '100 Bits cost 1.40, the smallest pack; the streamer gets 0.01 a Bit. Larger packs are up to 12 % cheaper. Twitch\'s own page of prices was not in the copies that '
      + 'could be read, so this rests on others\' reports.',
    sources: ['https://www.sportskeeda.com/esports/how-bits-work-twitch', 'http://richsigfrit.com/twitch/twitch-bits/'],
  },
  {
    name: 'YouTube Super Chat',
    cost: (tipMicros) => (tipMicros >= 1_000_000n ? { paidMicros: tipMicros, receivedMicros: (tipMicros * 7_000n) / 10_000n } : null),
    basis: '70 % reaches the creator, after sales tax and, on iOS, the App Store\'s fee (neither counted here); YouTube pays the card fee. The smallest is 1 USD.',
    sources: ['https://support.google.com/youtube/answer/7288782', 'https://vidiq.com/blog/post/youtube-super-chat-guide/'],
  },
];
