import { expect, test } from '@jest/globals';
import { enforce, type RequestContext, type Rule } from '../../src/api/room.ts';
import { anyone, overlay, owner, self, signedIn } from '../../src/identity/room.ts';

const viewers = {
  nobody: null,
  ada: { personId: 'ada', email: 'ada@example.com', sessionId: 's1' },
  eve: { personId: 'eve', email: 'eve@example.com', sessionId: 's2' },
};
const page = { ownerId: 'ada' };
const wallet = { personId: 'ada' };

test.each<[Rule, unknown, keyof typeof viewers, string]>([
  // rule    subject    viewer    verdict
  [anyone,   undefined, 'nobody', 'ALLOWED'],
  [anyone,   undefined, 'eve',    'ALLOWED'],
  [signedIn, undefined, 'nobody', 'UNAUTHENTICATED'],
  [signedIn, undefined, 'eve',    'ALLOWED'],
  [owner,    page,      'nobody', 'FORBIDDEN'],
  [owner,    page,      'eve',    'FORBIDDEN'],
  [owner,    page,      'ada',    'ALLOWED'],
  [self,     wallet,    'nobody', 'FORBIDDEN'],
  [self,     wallet,    'eve',    'FORBIDDEN'],
  [self,     wallet,    'ada',    'ALLOWED'],
])('$name of %j lets %s hear %s', async (rule, subject, who, verdict) => {
  const context = { viewer: viewers[who] } as unknown as RequestContext;
  expect(await rule.decide(context, subject)).toBe(verdict);
  const outcome = await enforce(rule, context, subject).catch((error: { extensions: { code: string } }) => error.extensions.code);
  expect(outcome).toBe(verdict === 'ALLOWED' ? true : verdict);
});

test('what is for overlays is refused to everybody else, signed in or not', async () => {
  const credential = { creatorId: 'page', overlayId: 'overlay', connectionId: 'socket' };
  const contexts = [{ viewer: null, overlay: credential }, { viewer: null, overlay: null }, { viewer: viewers.ada, overlay: null }];
  expect(await Promise.all(contexts.map((context) => overlay.decide(context as unknown as RequestContext, page)))).toEqual(['ALLOWED', 'FORBIDDEN', 'FORBIDDEN']);
});

test('each rule has a name of its own and says whether it looks at the viewer', () => {
  expect([anyone, signedIn, owner, self, overlay].map(({ name, dependsOnViewer }) => [name, dependsOnViewer])).toEqual([
    ['ANYONE', false], ['SIGNED_IN', true], ['OWNER', true], ['SELF', true], ['OVERLAY', true],
  ]);
});
