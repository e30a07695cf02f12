import { createMethodMiddlewareDecorator, Extensions } from 'type-graphql';
import type { RequestContext } from './context.ts';
import { ApiError } from './errors.ts';

/** HIDDEN answers null without an error; the other two are top-level errors. */
export type Verdict = 'ALLOWED' | 'UNAUTHENTICATED' | 'FORBIDDEN' | 'HIDDEN';

/** Who may do or read something. The instances, one vocabulary for the whole API, are in `identity`. */
export interface Rule {
  readonly name: string;
  /** Whom it lets pass, for people: "the account that runs the page". */
  readonly whose?: string;
  /** True when the answer differs between viewers, so that a shared execution must not hold it. */
  readonly dependsOnViewer: boolean;
  /** `subject` is the object a field belongs to, or undefined for mutations and subscriptions. */
  decide(context: RequestContext, subject: unknown): Verdict | Promise<Verdict>;
}

/** Throws the top-level error of a refusal; answers false when the field is to be null in silence. */
export async function enforce(rule: Rule, context: RequestContext, subject: unknown): Promise<boolean> {
  const verdict = await rule.decide(context, subject);
  if (verdict === 'UNAUTHENTICATED') throw new ApiError('UNAUTHENTICATED', 'Sign in first: send the session token as "Authorization: Bearer …".');
  if (verdict === 'FORBIDDEN') throw new ApiError('FORBIDDEN', `That is for ${rule.whose ?? rule.name} alone.`);
  return verdict === 'ALLOWED';
}

/** States who may call a mutation or read a field. The schema carries the rule's name, and a test finds what states none. */
export function Allow(rule: Rule): MethodDecorator {
  const middleware = createMethodMiddlewareDecorator<RequestContext>(async ({ context, root }, next) =>
    (await enforce(rule, context, root)) ? next() : null,
  );
  const extensions = Extensions({ rule: rule.name, dependsOnViewer: rule.dependsOnViewer });
  return (target, key, descriptor) => {
    middleware(target, key as string, descriptor as TypedPropertyDescriptor<unknown>);
    (extensions as MethodDecorator)(target, key, descriptor);
  };
}

/** Marks a field whose answer differs between viewers without a rule of its own. */
export function ViewerDependent(): MethodDecorator {
  return Extensions({ dependsOnViewer: true }) as MethodDecorator;
}

/**
 * Marks a field that reads differently for an object's insiders alone, through `isViewer`. On the object that an event is about it
 * does not narrow a shared execution, since insiders are executed for by themselves; anywhere else it does.
 */
export function InsiderDependent(): MethodDecorator {
  return Extensions({ dependsOnInsider: true }) as MethodDecorator;
}
