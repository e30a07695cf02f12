import type { GraphQLField } from 'graphql';
import { Extensions } from 'type-graphql';
import type { RequestContext, Rule } from '../api/room.ts';
import type { Feed } from './feed.ts';

export interface SubscriptionTerms {
  readonly rule: Rule;
  /** The field of the event that holds what the event is about; null where events have no insiders. */
  readonly subjectField: string | null;
}

/**
 * States who may subscribe. The rule is enforced once, when a socket subscribes, with its real viewer and what the feed is about;
 * the schema carries its name, like that of every mutation.
 */
export function AllowSubscribe(rule: Rule, options: { readonly subjectField?: string } = {}): MethodDecorator {
  const terms: SubscriptionTerms = { rule, subjectField: options.subjectField ?? null };
  return Extensions({ rule: rule.name, subscriptionTerms: terms }) as MethodDecorator;
}

/** The live hub takes the feed that `subscribe` answers; type-graphql knows of async iterables alone. */
export function opens<Args>(open: (args: Args, context: RequestContext) => Promise<Feed>) {
  return (({ args, context }: { args: Args; context: RequestContext }) => open(args, context)) as never;
}

/** The terms of a subscription field. Throws for one that states none. */
export function termsOf(field: GraphQLField<unknown, unknown>): SubscriptionTerms {
  const terms = field.extensions.subscriptionTerms as SubscriptionTerms | undefined;
  if (!terms) throw new Error(`The subscription "${field.name}" states no rule: put AllowSubscribe on it.`);
  return terms;
}
