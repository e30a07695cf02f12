import type { RequestContext, Rule } from '../api/room.ts';

/** The vocabulary of who may do or read what. Every mutation, subscription and node type states one of these. */
function rule(name: string, dependsOnViewer: boolean, decide: Rule['decide'], whose?: string): Rule {
  return { name, dependsOnViewer, decide, whose };
}

function isPerson(context: RequestContext, personId: string): boolean {
  return context.viewer?.personId === personId;
}

/** Public. */
export const anyone = rule('ANYONE', false, () => 'ALLOWED');

/** Any account that signed in; the mutation itself acts on what is the viewer's own. */
export const signedIn = rule('SIGNED_IN', true, (context) => (context.viewer ? 'ALLOWED' : 'UNAUTHENTICATED'));

/** Any account that signed in, and guests; the mutation itself says what a guest may not. */
export const payer = rule('PAYER', true, (context) => (context.viewer || context.guest ? 'ALLOWED' : 'UNAUTHENTICATED'));

interface Owned {
  readonly ownerId: string;
}

/** The account that runs the creator page the field belongs to: everybody else, signed in or not, gets null and a top-level FORBIDDEN. */
export const owner = rule(
  'OWNER', true, (context, subject) => (isPerson(context, (subject as Owned).ownerId) ? 'ALLOWED' : 'FORBIDDEN'), 'the account that runs the page',
);

interface Personal {
  readonly personId: string;
}

/** The person whom the object belongs to; for node types, so that others find nothing. */
export const self = rule('SELF', true, (context, subject) => (isPerson(context, (subject as Personal).personId) ? 'ALLOWED' : 'FORBIDDEN'));

/** The person who pays, and the account that runs the creator page that is paid; for node types, so that others find nothing. */
export const payerOrOwner = rule('PAYER_OR_OWNER', true, (context, subject) => {
  const { personId, ownerId } = subject as Personal & Owned;
  return isPerson(context, personId) || isPerson(context, ownerId) ? 'ALLOWED' : 'FORBIDDEN';
});

/** An overlay's own socket; whose overlay it is, the operation's own answer follows from. */
export const overlay = rule('OVERLAY', true, (context) => (context.overlay ? 'ALLOWED' : 'FORBIDDEN'));
