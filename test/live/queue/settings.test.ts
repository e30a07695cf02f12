import { expect, test } from '@jest/globals';
import { CreatorEntity } from '../../../src/creators/room.ts';
import { updateAlertSettings } from '../../../src/live/queue/edit-settings.ts';
import type { UpdateAlertSettingsInput } from '../../../src/live/queue/inputs.ts';
import { settingsIn, variantOf } from '../../../src/live/queue/settings.ts';
import { eachTestDatabase } from '../../support/database.ts';
import { change, expectCleanQueue, openStage, told, type Stage } from './support.ts';

const database = eachTestDatabase({ endsWith: expectCleanQueue });

const usd = (amount: string) => ({ amount, currency: 'USD' });
const variant = (given: object = {}) => ({ name: 'one', from: usd('1'), headline: '{name} tipped {amount}', durationMs: 6_000, ...given });
const page = ({ db, creator }: Stage) => db.fork().findOneOrFail(CreatorEntity, { id: creator.id });

const standard = {
  kinds: ['TIP', 'SUBSCRIPTION_STARTED', 'SUBSCRIPTION_RENEWED', 'GOAL_REACHED', 'DIGEST'],
  minimumMicros: 1n,
  variants: [{ name: 'default', fromMicros: 1n, headline: '{name} tipped {amount}', durationMs: 6_000 }],
  blockedWords: [],
  hideAmountsFromModerators: false,
  maxAgeSeconds: 3_600,
  speech: false,
};

test('whoever chose nothing has our settings, which follow the page\'s tip minimum', async () => {
  const stage = await openStage(database.current);
  expect(await settingsIn(stage.db, stage.creator.id)).toMatchObject(standard);
  await change(stage, { speech: true });
  await stage.db.query('UPDATE creator SET tip_minimum_micros = 50000 WHERE id = $1', [stage.creator.id]);
  expect(await settingsIn(stage.db, stage.creator.id)).toMatchObject({ ...standard, speech: true, minimumMicros: 50_000n, variants: [{ fromMicros: 50_000n }] });
});

test('an absent field leaves, null clears, and every change is told', async () => {
  const stage = await openStage(database.current);
  await change(stage, {
    kinds: ['TIP', 'TIP'] as never, minimum: usd('2'), variants: [variant({ name: 'b', from: usd('9') }), variant()], blockedWords: [' snape ', 'snape'],
    hideAmountsFromModerators: true, maxAgeSeconds: 60, speech: true,
  });
  const chosen = {
    kinds: ['TIP'], minimumMicros: 2_000_000n, variants: [{ name: 'one', fromMicros: 1_000_000n }, { name: 'b', fromMicros: 9_000_000n }], blockedWords: ['snape'],
    hideAmountsFromModerators: true, maxAgeSeconds: 60, speech: true,
  };
  expect(await settingsIn(stage.db, stage.creator.id)).toMatchObject(chosen);
  await change(stage, {});
  expect(await settingsIn(stage.db, stage.creator.id)).toMatchObject(chosen);
  await change(stage, { kinds: null, minimum: null, variants: null, blockedWords: null, hideAmountsFromModerators: null, maxAgeSeconds: null, speech: null });
  expect(await settingsIn(stage.db, stage.creator.id)).toMatchObject(standard);
  expect(await told(stage.db, stage.creator.id)).toEqual(['SETTINGS', 'SETTINGS', 'SETTINGS']);
});

const mistakes: [what: string, input: UpdateAlertSettingsInput, code: string, path: string, quoted: string][] = [
  ['variants that begin at the same amount', { variants: [variant(), variant({ name: 'two' })] }, 'CONFLICT', 'variants.1.from', '1.00 USD'],
  ['variants of one name', { variants: [variant(), variant({ name: 'ONE', from: usd('2') })] }, 'CONFLICT', 'variants.1.name', 'ONE'],
  ['no variant', { variants: [] }, 'INVALID_INPUT', 'variants', '0 variants'],
  ['too many variants', { variants: Array.from({ length: 21 }, (_, n) => variant({ name: `v${n}`, from: usd(`${n + 1}`) })) }, 'INVALID_INPUT', 'variants', '21 variants'],
  ['too short a duration', { variants: [variant({ durationMs: 999 })] }, 'INVALID_INPUT', 'variants.0.durationMs', '999'],
  ['too long a duration', { variants: [variant({ durationMs: 30_001 })] }, 'INVALID_INPUT', 'variants.0.durationMs', '30001'],
  ['an unknown placeholder', { variants: [variant({ headline: '{name} {constructor}' })] }, 'INVALID_INPUT', 'variants.0.headline', '{constructor}'],
  ['a blank headline', { variants: [variant({ headline: '  ' })] }, 'INVALID_INPUT', 'variants.0.headline', 'at least 1'],
  ['a long headline', { variants: [variant({ headline: 'x'.repeat(121) })] }, 'INVALID_INPUT', 'variants.0.headline', 'at most 120'],
  ['a blank name', { variants: [variant({ name: '' })] }, 'INVALID_INPUT', 'variants.0.name', 'at least 1'],
  ['another currency', { variants: [variant({ from: { amount: '1', currency: 'EUR' } })] }, 'CURRENCY_MISMATCH', 'variants.0.from.currency', 'EUR'],
  ['a variant from nothing', { variants: [variant({ from: usd('0') })] }, 'AMOUNT_OUT_OF_RANGE', 'variants.0.from.amount', '"0"'],
  ['seven digits', { minimum: usd('0.0000001') }, 'PRECISION', 'minimum.amount', '0.0000001'],
  ['a minimum in another currency', { minimum: { amount: '1', currency: 'EUR' } }, 'CURRENCY_MISMATCH', 'minimum.currency', 'EUR'],
  ['too many blocked words', { blockedWords: Array.from({ length: 201 }, (_, n) => `w${n}`) }, 'INVALID_INPUT', 'blockedWords', '201'],
  ['a long blocked word', { blockedWords: ['ok', 'x'.repeat(41)] }, 'INVALID_INPUT', 'blockedWords.1', 'at most 40'],
  ['a blank blocked word', { blockedWords: [' '] }, 'INVALID_INPUT', 'blockedWords.0', 'at least 1'],
  ['no age', { maxAgeSeconds: 0 }, 'INVALID_INPUT', 'maxAgeSeconds', '0 is not'],
  ['an age of more than a week', { maxAgeSeconds: 604_801 }, 'INVALID_INPUT', 'maxAgeSeconds', '604801'],
];

test.each(mistakes)('refuses %s and changes nothing', async (_, input, code, path, quoted) => {
  const stage = await openStage(database.current);
  const { settings, errors } = await updateAlertSettings(stage.services, await page(stage), { speech: true, ...input });
  expect(settings).toBeNull();
  expect(errors).toMatchObject([{ code, path: ['input', ...path.split('.')] }]);
  expect(errors[0]?.message).toContain(quoted);
  expect(await settingsIn(stage.db, stage.creator.id)).toMatchObject(standard);
  expect(await told(stage.db, stage.creator.id)).toEqual([]);
});

test('names every mistake at once', async () => {
  const stage = await openStage(database.current);
  const { errors } = await updateAlertSettings(stage.services, await page(stage), {
    maxAgeSeconds: 0, minimum: usd('-1'), variants: [variant({ durationMs: 1, headline: '{x}' })], blockedWords: [''],
  });
  expect(errors.map(({ path }) => path?.slice(1).join('.')).sort()).toEqual(['blockedWords.0', 'maxAgeSeconds', 'minimum.amount', 'variants.0.durationMs', 'variants.0.headline']);
});

test('an amount has the look that begins at or below it, and less than any, or none, the first', () => {
  const variants = [10n, 100n].map((fromMicros) => ({ name: String(fromMicros), fromMicros, headline: '', durationMs: 1_000 }));
  expect([null, 9n, 10n, 99n, 100n, 5_000n].map((micros) => variantOf({ variants }, micros).name)).toEqual(['10', '10', '10', '10', '100', '100']);
});
