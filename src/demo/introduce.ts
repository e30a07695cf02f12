import { encodeId } from '../api/room.ts';
import { CREATOR_PREFIX, CreatorEntity } from '../creators/room.ts';
import { databaseService, type Services } from '../database/room.ts';
import { signIn } from '../identity/room.ts';
import { demoCreators, demoFans, demoHandle, demoPassword, type DemoFan } from './cast.ts';
import { demoState } from './mark.ts';

/** Whom somebody who tries Farthing out meets first. */
export interface DemoIntroduction {
  readonly creator: { readonly id: string; readonly handle: string; readonly displayName: string; readonly currency: string };
  readonly password: string;
  readonly fan: DemoSignIn;
  readonly owner: DemoSignIn;
}

export interface DemoSignIn {
  readonly email: string;
  readonly name: string;
  /** Of a session opened just now; null when the password is not the demo's any more. */
  readonly token: string | null;
}

/** Opens a session of a demo fan and of the demo creator. Null where the whole demo data is not there. */
export async function introduceDemo(services: Services): Promise<DemoIntroduction | null> {
  const db = services.get(databaseService);
  const creator = await db.fork().findOne(CreatorEntity, { handle: demoHandle });
  const owner = demoCreators.find(({ handle }) => handle === demoHandle)?.owner;
  if (!creator || !owner || (await demoState(db)) !== 'COMPLETE') return null;
  const [fan, runner] = await Promise.all([openSession(services, demoFans[0]), openSession(services, owner)]);
  const { handle, displayName, currency } = creator;
  return { creator: { id: encodeId(CREATOR_PREFIX, creator.id), handle, displayName, currency }, password: demoPassword, fan, owner: runner };
}

async function openSession(services: Services, { email, name }: DemoFan): Promise<DemoSignIn> {
  const session = await signIn(services, { email, password: demoPassword }).catch(() => null);
  return { email, name, token: session?.token ?? null };
}
