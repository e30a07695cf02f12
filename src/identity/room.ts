import type { ApiFace } from '../api/room.ts';
import { databaseService, type Invariant, type Job } from '../database/room.ts';
import { GuestResolver } from './guest-resolver.ts';
import { GuestSessionEntity } from './guest-session.ts';
import { PersonEntity } from './person.ts';
import { ViewerResolver } from './viewer-resolver.ts';
import { PublicProfileResolver, ViewerTypeResolver } from './viewer-type.ts';

export { authHandler, type AuthHandler } from './auth-handler.ts';
export { authPath, authService } from './auth.ts';
export { parseDisplayName, type DisplayName } from './display-name.ts';
export { addressHash, lockGuest, lockNames, openGuestSession, type OpenedGuestSession } from './guest-session.ts';
export { freezePerson, lockIdlePeople, lockPeople, thawPerson, type LockedPerson } from './lock-people.ts';
export { findPersonByEmail, forgetPerson, loadPerson, PersonEntity, type Person } from './person.ts';
export { anyone, overlay, owner, payer, payerOrOwner, self, signedIn } from './rules.ts';
export { authSecretService, ensureAuthSecret } from './secret.ts';
export type { Credentials } from './session-token.ts';
export { signIn, signUp, type SignedIn, type SignUp } from './sign-in.ts';
export { trustedOrigins } from './trusted-origins.ts';
export { loadViewer } from './viewer-resolver.ts';
export { personPrefix, PublicProfileType, ViewerPayloadType, ViewerType } from './viewer-type.ts';
export { forgetSessions, sessionsAlive, viewerFromRequest, visitorFromRequest } from './viewer.ts';

const accountsHavePeople: Invariant = {
  name: 'every account has its person',
  sql: 'SELECT account.id FROM auth."user" AS account LEFT JOIN person ON person.id = account.id WHERE person.id IS NULL',
};

const hourMs = 3_600_000;

const forgetWhatEnded: Job = {
  name: 'identity.forget-ended-sessions',
  everyMs: hourMs,
  async run(services) {
    const database = services.get(databaseService);
    await database.query('DELETE FROM auth.session WHERE "expiresAt" < now()');
    await database.query('DELETE FROM auth.verification WHERE "expiresAt" < now()');
  },
};

export const identityRoom: ApiFace = {
  name: 'identity',
  entities: [GuestSessionEntity, PersonEntity],
  resolvers: [GuestResolver, ViewerResolver, ViewerTypeResolver, PublicProfileResolver],
  invariants: [accountsHavePeople],
  jobs: [forgetWhatEnded],
};
