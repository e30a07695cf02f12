import { Field, FieldResolver, ID, InputType, ObjectType, Resolver, Root } from 'type-graphql';
import { encodeId, UserError } from '../api/room.ts';
import type { Person } from './person.ts';

/** The prefix of a person's id, wherever the API shows one. */
export const personPrefix = 'per';

@ObjectType('Viewer', { description: 'The account that is signed in.' })
export class ViewerType {
  personId!: string;

  @Field(() => String, { description: 'The e-mail address it signs in with, in lower case.' })
  email!: string;

  @Field(() => String, { description: 'The name it goes by.' })
  displayName!: string;
}

@Resolver(() => ViewerType)
export class ViewerTypeResolver {
  @FieldResolver(() => ID, { description: 'The account\'s id; its public profile has the same.' })
  id(@Root() viewer: ViewerType): string {
    return encodeId(personPrefix, viewer.personId);
  }
}

/** Its root value is a `Person`. */
@ObjectType('PublicProfile', { description: 'What everybody may see of an account.' })
export class PublicProfileType {
  @Field(() => String, { description: 'The name it goes by.' })
  displayName!: string;
}

@Resolver(() => PublicProfileType)
export class PublicProfileResolver {
  @FieldResolver(() => ID, { description: 'The account\'s id.' })
  id(@Root() person: Person): string {
    return encodeId(personPrefix, person.id);
  }
}

@InputType({ description: 'What to change of the signed-in account; an absent field stays as it is.' })
export class UpdateViewerInput {
  @Field(() => String, { nullable: true, description: 'The name to go by: 1 to 80 characters on one line. It cannot be cleared.' })
  displayName?: string | null;
}

@ObjectType('ViewerPayload', { description: 'The signed-in account after a change of it.' })
export class ViewerPayloadType {
  @Field(() => ViewerType, { nullable: true, description: 'The account; null when there are errors.' })
  viewer!: ViewerType | null;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when all went well.' })
  errors!: UserError[];
}
