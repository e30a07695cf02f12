import { Kind, type DocumentNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';
import type { Limits } from '../config.ts';
import { PublicError } from './error-map.ts';

/** How large an operation is once its fragments are written out. */
export interface OperationSize {
  readonly fields: number;
  readonly aliases: number;
  readonly depth: number;
}

/**
 * Measures every operation of a document. Each fragment is measured once, so a document whose fragments double each other twenty times
 * is measured as fast as any; fragments that spread themselves count as empty, since validation refuses them.
 */
export function measure(document: DocumentNode): OperationSize[] {
  const fragments = fragmentsOf(document);
  const measured = new Map<string, OperationSize>();
  const sizeOf = (selections: SelectionSetNode): OperationSize => {
    let [fields, aliases, depth] = [0, 0, 0];
    for (const selection of selections.selections) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const size = fragmentSize(selection.name.value);
        [fields, aliases, depth] = [fields + size.fields, aliases + size.aliases, Math.max(depth, size.depth)];
        continue;
      }
      const inner = selection.selectionSet ? sizeOf(selection.selectionSet) : nothing;
      const own = selection.kind === Kind.FIELD ? 1 : 0;
      const alias = selection.kind === Kind.FIELD && selection.alias ? 1 : 0;
      // The schema's own depth has a rule of GraphQL's: MaxIntrospectionDepth.
      const isIntrospection = selection.kind === Kind.FIELD && isIntrospectionField(selection.name.value);
      fields += own + inner.fields;
      aliases += alias + inner.aliases;
      depth = Math.max(depth, isIntrospection ? 1 : own + inner.depth);
    }
    return { fields, aliases, depth };
  };
  const fragmentSize = (name: string): OperationSize => {
    const known = measured.get(name);
    if (known) return known;
    measured.set(name, nothing);
    const fragment = fragments.get(name);
    const size = fragment ? sizeOf(fragment.selectionSet) : nothing;
    measured.set(name, size);
    return size;
  };
  return document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION).map((operation) => sizeOf(operation.selectionSet));
}

const nothing: OperationSize = { fields: 0, aliases: 0, depth: 0 };

export function isIntrospectionField(name: string): boolean {
  return name === '__schema' || name === '__type';
}

export function fragmentsOf(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}

/** Says which limit a document breaks, or null. Written out, an operation may be no longer than one could have written it. */
export function sizeProblem(document: DocumentNode, limits: Limits): PublicError | null {
  for (const { fields, aliases, depth } of measure(document)) {
    const problem =
      over('nests fields', depth, 'levels deep', limits.depth) ??
      over('has', aliases, 'aliases', limits.aliases) ??
      over('selects', fields, 'fields once its fragments are written out', limits.tokens);
    if (problem) return problem;
  }
  return null;
}

function over(verb: string, figure: number, unit: string, limit: number): PublicError | null {
  if (figure <= limit) return null;
  return tooComplex(`The operation ${verb} ${figure} ${unit}; at most ${limit} are allowed.`, figure, limit);
}

export function tooComplex(message: string, actual: number | null, limit: number): PublicError {
  return new PublicError('QUERY_TOO_COMPLEX', message, { extra: actual === null ? { limit } : { actual, limit } });
}
