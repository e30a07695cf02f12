import { Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import { Allow, DateTimeScalar, ErrorCode, UserError, ValidationError, type RequestContext } from '../api/room.ts';
import { configService } from '../config.ts';
import { openGuestSession } from './guest-session.ts';
import { anyone } from './rules.ts';

@ObjectType({ description: 'A guest\'s session.' })
export class GuestSessionPayload {
  @Field(() => String, { nullable: true, description: 'Send it as "Authorization: Bearer …", or as {authToken} of connection_init, like a session token. Null when there are errors.' })
  token!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it is over.' })
  expiresAt!: Date | null;

  @Field(() => [UserError], { description: 'Why there is no session; empty when there is one.' })
  errors!: UserError[];
}

@Resolver()
export class GuestResolver {
  @Allow(anyone)
  @Mutation(() => GuestSessionPayload, {
    description: 'For tipping by card without an account: a token that may send tips by card, read them and watch paymentUpdated, and nothing else. Limited by address.',
  })
  async createGuestSession(@Ctx() { services, remoteAddress }: RequestContext): Promise<GuestSessionPayload> {
    const opened = await openGuestSession(services, remoteAddress);
    if (opened) return { token: opened.token, expiresAt: opened.expiresAt, errors: [] };
    const most = services.get(configService).limits.guestSessionsPerAddress;
    const message = `More than ${most} guests an hour came from your address. Try again later, or use an account.`;
    return { token: null, expiresAt: null, errors: [new ValidationError(ErrorCode.TOO_MANY_ATTEMPTS, message)] };
  }
}
