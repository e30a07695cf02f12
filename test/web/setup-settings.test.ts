import { describe, expect, test } from '@jest/globals';
import { changesOf, type Settings } from '../../web/setup/settings-change.ts';

const settings: Settings = {
  minimum: { amount: '0.000001' }, blockedWords: ['owl', 'night owl'], hideAmountsFromModerators: false, speech: true, holdForApproval: false,
  variants: [
    { name: 'small', from: { amount: '0.000001', formatted: '$0.000001' }, headline: '{name} tipped {amount}', durationMs: 6_000 },
    { name: 'big', from: { amount: '50.00', formatted: '$50.00' }, headline: 'WOW, {name}!', durationMs: 12_500 },
  ],
};
/** The form as it is before anybody touches it: a switch that is off sends nothing. */
const untouched = {
  minimum: '0.000001', blockedWords: 'owl\nnight owl', speech: 'on',
  'variants.0.headline': '{name} tipped {amount}', 'variants.0.durationMs': '6', 'variants.1.headline': 'WOW, {name}!', 'variants.1.durationMs': '12.5',
};
const usd = (amount: string) => ({ amount, currency: 'USD' });

describe('the form of the alert settings', () => {
  test('changes nothing that was not touched', () => {
    expect(changesOf(settings, untouched, 'USD')).toEqual({ alerts: null, holds: null });
  });

  test.each<[string, object, object]>([
    ['a minimum', { minimum: '2' }, { alerts: { minimum: usd('2') }, holds: null }],
    ['a minimum that was cleared', { minimum: '' }, { alerts: { minimum: null }, holds: null }],
    ['words, without empty lines', { blockedWords: '\n cat \n\n' }, { alerts: { blockedWords: ['cat'] }, holds: null }],
    ['the one switch that is not among the alert settings', { holdForApproval: 'on' }, { alerts: null, holds: true }],
    ['switches', { speech: undefined, hideAmountsFromModerators: 'on' }, { alerts: { hideAmountsFromModerators: true, speech: false }, holds: null }],
    ['one look, beside which the others stay', { 'variants.1.durationMs': '1.5' }, {
      alerts: {
        variants: [
          { name: 'small', from: usd('0.000001'), headline: '{name} tipped {amount}', durationMs: 6_000 },
          { name: 'big', from: usd('50.00'), headline: 'WOW, {name}!', durationMs: 1_500 },
        ],
      },
      holds: null,
    }],
  ])('sends %s alone', (_, given, change) => {
    expect(changesOf(settings, { ...untouched, ...given } as Record<string, string>, 'USD')).toEqual(change);
  });

  test.each([
    ['minimum', 'a lot', ['input', 'minimum']],
    ['variants.1.durationMs', '', ['input', 'variants', '1', 'durationMs']],
    ['variants.0.durationMs', '1e3', ['input', 'variants', '0', 'durationMs']],
  ])('refuses by itself only what is no number: %s=%s', (name, text, path) => {
    const change = () => changesOf(settings, { ...untouched, [name]: text }, 'USD');
    expect(change).toThrow(`"${text}" is not a number such as 2.50.`);
    expect(change).toThrow(expect.objectContaining({ path }));
  });
});
