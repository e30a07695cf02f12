import { Interval } from '../api/room.ts';

/** Known to everybody who reads this: demo accounts exist on a local trial server only. */
export const demoPassword = 'farthing-demo';

export interface DemoFan {
  readonly email: string;
  readonly name: string;
}

export interface DemoCreator {
  /** Who runs the page. */
  readonly owner: DemoFan;
  readonly handle: string;
  readonly displayName: string;
  readonly bio: string;
  readonly currency: string;
  readonly tiers: readonly DemoTier[];
  readonly goals: readonly DemoGoal[];
}

export interface DemoTier {
  readonly name: string;
  readonly price: string;
  readonly interval: Interval;
  readonly benefits: readonly string[];
  readonly capacity?: number;
}

export interface DemoGoal {
  readonly title: string;
  readonly target: string;
}

/** The first one is the fan whose sign-in `serve` shows. */
export const demoFans: readonly [DemoFan, ...DemoFan[]] = [
  { email: 'ada@fans.example', name: 'Ada' },
  { email: 'bilal@fans.example', name: 'Bilal' },
  { email: 'chiara@fans.example', name: 'Chiara' },
  { email: 'duc@fans.example', name: 'Đức' },
  { email: 'emi@fans.example', name: '恵美' },
  { email: 'fay@fans.example', name: 'Fay 🦊' },
];

/** The page that `serve` shows and the stream of demo tips goes to. */
export const demoHandle = 'nova';

/** The last one is made last, so that lists that begin with the newest begin with her. */
export const demoCreators: readonly DemoCreator[] = [
  {
    owner: { email: 'juniper@creators.example', name: 'Juniper' },
    handle: 'juniper_clay',
    displayName: 'Juniper Clay',
    bio: 'Pottery from the wheel to the kiln, every Sunday.\nBowls break; that is what the second one is for.',
    currency: 'EUR',
    tiers: [
      { name: 'Apprentice', price: '2', interval: Interval.MONTH, benefits: ['Glaze recipes', 'A vote on the next pot'] },
      { name: 'Kiln club', price: '60', interval: Interval.YEAR, benefits: ['A mug a year', 'Everything apprentices get'], capacity: 25 },
    ],
    goals: [{ title: 'A second kiln', target: '400' }],
  },
  {
    owner: { email: 'tanuki@creators.example', name: 'Tanuki' },
    handle: 'tanuki_beats',
    displayName: 'たぬきビーツ',
    bio: '雨の夜のためのローファイ。Lo-fi for rainy nights.',
    currency: 'JPY',
    tiers: [{ name: '常連', price: '300', interval: Interval.MONTH, benefits: ['WAV で全曲', 'Every track as WAV'] }],
    goals: [{ title: 'New microphone', target: '30000' }],
  },
  {
    owner: { email: 'moth@creators.example', name: 'Moth' },
    handle: 'professor_moth',
    displayName: 'Professor Moth',
    bio: 'Insects, explained while they sit on my hand.',
    currency: 'USD',
    tiers: [{ name: 'Field notes', price: '0.25', interval: Interval.WEEK, benefits: ['The weekly drawing'] }],
    goals: [],
  },
  {
    owner: { email: 'nova@creators.example', name: 'Nova' },
    handle: demoHandle,
    displayName: 'Nova Builds',
    bio: 'A radio telescope in a garden, built live, one tip at a time.',
    currency: 'USD',
    tiers: [
      { name: 'Pocket change', price: '0.05', interval: Interval.DAY, benefits: ['Your name in the log book'] },
      { name: 'Crew', price: '5', interval: Interval.MONTH, benefits: ['The build files', 'A monthly call'] },
      { name: 'Mission control', price: '25', interval: Interval.MONTH, benefits: ['Point the dish once a month'], capacity: 10 },
    ],
    goals: [
      { title: 'A better antenna', target: '50' },
      { title: 'Weatherproof mount', target: '250' },
    ],
  },
];
