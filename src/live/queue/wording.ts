import type { AlertKindName } from '../entities.ts';

/** What a creator's headline may stand for: who, how much, and the tier of a membership. */
export const placeholders = ['name', 'amount', 'tier'] as const;

/** What an alert tells of, in words that are fit to be shown. */
export interface Telling {
  readonly kind: AlertKindName;
  readonly name: string;
  /** Null where there is none. */
  readonly amount: string | null;
  readonly tier: string | null;
  readonly goal: string | null;
  /** Of a digest: how many alerts it stands for. */
  readonly count: number | null;
}

/** The first placeholder of a headline that means nothing here; null when there is none. */
export function unknownPlaceholder(headline: string): string | null {
  const found = [...headline.matchAll(/\{([^{}]*)\}/g)].find(([, name]) => !(placeholders as readonly string[]).includes(name as string));
  return found?.[0] ?? null;
}

/** The headline of an alert. What stands for something is put in once: a fan's name that looks like a placeholder stays a name. */
export function headlineOf(template: string, telling: Telling): string {
  const values: Record<string, string | number | null> = { ...telling };
  const words = wordsFor(template, telling);
  return words.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? inPlace(String(values[name] ?? ''), words) : whole));
}

const rightToLeft = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const firstStrongIsolate = '\u2068';
const popIsolate = '\u2069';

/** Where scripts of both directions may meet, a value is isolated: else an Arabic name in front turns the English words after it round. */
function inPlace(value: string, words: string): string {
  return value !== '' && (rightToLeft.test(value) || rightToLeft.test(words)) ? `${firstStrongIsolate}${value}${popIsolate}` : value;
}

/** A headline that names the tier is for memberships, any other for tips; where the creator has none that fits, ours is taken. */
function wordsFor(template: string, { kind, tier, amount }: Telling): string {
  const isForMembers = template.includes('{tier}');
  switch (kind) {
    case 'TIP':
      return isForMembers ? '{name} tipped {amount}' : template;
    case 'SUBSCRIPTION_STARTED':
      if (tier === null) return '{name} subscribed with {amount}';
      return isForMembers ? template : '{name} joined {tier}';
    case 'SUBSCRIPTION_RENEWED':
      if (tier === null) return '{name} renewed with {amount}';
      return isForMembers ? template : '{name} renewed {tier}';
    case 'GOAL_REACHED':
      return 'Goal reached: {goal}';
    case 'DIGEST':
      return amount === null ? '{count} alerts while nobody was watching' : '{count} alerts while nobody was watching, {amount} in all';
  }
}
