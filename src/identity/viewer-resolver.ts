import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import {
  Allow, ErrorCode, ValidationError, ViewerDependent, type RequestContext, type UserError, type Viewer,
} from '../api/room.ts';
import { databaseService, transaction } from '../database/room.ts';
import { parseDisplayName } from './display-name.ts';
import { forgetPerson, loadPerson } from './person.ts';
import { signedIn } from './rules.ts';
import { UpdateViewerInput, ViewerPayloadType, ViewerType } from './viewer-type.ts';

/** Reads what the `Viewer` type's own fields need; null when nobody signed in. */
export async function loadViewer(context: RequestContext): Promise<ViewerType | null> {
  const { viewer } = context;
  const person = viewer && (await loadPerson(context, viewer.personId));
  return person && { personId: person.id, email: viewer.email, displayName: person.displayName };
}

@Resolver()
export class ViewerResolver {
  @ViewerDependent()
  @Query(() => ViewerType, { nullable: true, description: 'The signed-in account; null when nobody signed in.' })
  viewer(@Ctx() context: RequestContext): Promise<ViewerType | null> {
    return loadViewer(context);
  }

  @Allow(signedIn)
  @Mutation(() => ViewerPayloadType, { description: 'Changes the signed-in account.' })
  async updateViewer(
    @Arg('input', () => UpdateViewerInput, { description: 'What to change.' }) input: UpdateViewerInput,
    @Ctx() context: RequestContext,
  ): Promise<ViewerPayloadType> {
    const { displayName } = input;
    if (displayName !== undefined) {
      const error = await rename(context, context.viewer as Viewer, displayName);
      if (error) return { viewer: null, errors: [error] };
    }
    return { viewer: await loadViewer(context), errors: [] };
  }
}

async function rename(context: RequestContext, viewer: Viewer, displayName: string | null): Promise<UserError | null> {
  const path = ['input', 'displayName'];
  if (displayName === null) return new ValidationError(ErrorCode.INVALID_INPUT, 'The display name cannot be cleared: leave the field out to keep it.', path);
  const parsed = parseDisplayName(displayName, path);
  if (!parsed.ok) return parsed.error;
  const values = [viewer.personId, parsed.name];
  // Writing the same name twice changes nothing, so a lost COMMIT may be run again.
  await transaction(context.services.get(databaseService), async (tx) => {
    await tx.query('UPDATE person SET display_name = $2 WHERE id = $1', values);
    await tx.query('UPDATE auth."user" SET name = $2, "updatedAt" = now() WHERE id = $1', values);
  }, { rerunLostCommit: true });
  forgetPerson(context, viewer.personId);
  return null;
}
