import {
  getNamedType, isAbstractType, isInterfaceType, isObjectType, Kind,
  type DocumentNode, type FieldNode, type FragmentDefinitionNode, type GraphQLField, type GraphQLNamedType, type GraphQLSchema, type SelectionSetNode,
} from 'graphql';

/**
 * For whom one execution of an event may be shared. EVERYBODY: no field reads differently. STRANGERS: by all but the event's
 * insiders, who get their own. VIEWER: by the sockets of one viewer.
 */
export type Audience = 'EVERYBODY' | 'STRANGERS' | 'VIEWER';

/** Where in the answer a selection stands: on the event, on what the event is about, or anywhere else. */
type Place = 'EVENT' | 'SUBJECT' | 'ELSEWHERE';

export interface AudienceQuestion {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly field: GraphQLField<unknown, unknown>;
  /** The root field, as often as it is written. */
  readonly nodes: readonly FieldNode[];
  /** The field of the event that holds what the event is about. */
  readonly subjectField: string | null;
}

/** Walks what is selected below a subscription's root field. `@skip` and `@include` do not count: what may be selected is. */
export function audienceOf({ schema, document, field, nodes, subjectField }: AudienceQuestion): Audience {
  const fragments = new Map(document.definitions.flatMap((one) => (one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [])));
  const walk = new Walk(schema, fragments, subjectField);
  for (const { selectionSet } of nodes) {
    if (selectionSet) walk.visit(selectionSet, getNamedType(field.type), subjectField === null ? 'ELSEWHERE' : 'EVENT');
  }
  return walk.audience;
}

class Walk {
  audience: Audience = 'EVERYBODY';
  readonly #schema: GraphQLSchema;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #subjectField: string | null;
  /** Fragments by place: each is walked once a place, so that fragments of fragments cannot multiply the work. */
  readonly #walked = new Set<string>();

  constructor(schema: GraphQLSchema, fragments: ReadonlyMap<string, FragmentDefinitionNode>, subjectField: string | null) {
    this.#schema = schema;
    this.#fragments = fragments;
    this.#subjectField = subjectField;
  }

  visit(selections: SelectionSetNode, parent: GraphQLNamedType, place: Place): void {
    for (const selection of selections.selections) {
      if (selection.kind === Kind.FIELD) {
        this.#visitField(selection, parent, place);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        this.visit(selection.selectionSet, this.#typeNamed(selection.typeCondition?.name.value) ?? parent, place);
      } else {
        this.#visitFragment(selection.name.value, place);
      }
    }
  }

  #visitField(node: FieldNode, parent: GraphQLNamedType, place: Place): void {
    for (const field of this.#fieldsOf(parent, node.name.value)) {
      if (field.extensions.dependsOnViewer) this.audience = 'VIEWER';
      if (field.extensions.dependsOnInsider) this.#narrowForInsiders(place);
      if (!node.selectionSet) continue;
      const below = place === 'EVENT' && field.name === this.#subjectField ? 'SUBJECT' : 'ELSEWHERE';
      this.visit(node.selectionSet, getNamedType(field.type), below);
    }
  }

  #visitFragment(name: string, place: Place): void {
    const fragment = this.#fragments.get(name);
    if (!fragment || this.#walked.has(`${place} ${name}`)) return;
    this.#walked.add(`${place} ${name}`);
    const type = this.#typeNamed(fragment.typeCondition.name.value);
    if (type) this.visit(fragment.selectionSet, type, place);
  }

  #narrowForInsiders(place: Place): void {
    if (place !== 'SUBJECT') this.audience = 'VIEWER';
    else if (this.audience === 'EVERYBODY') this.audience = 'STRANGERS';
  }

  /** The field itself, and of an interface also that of every type behind it: theirs are the ones that run. */
  #fieldsOf(parent: GraphQLNamedType, name: string): GraphQLField<unknown, unknown>[] {
    const types = isAbstractType(parent) ? [parent, ...this.#schema.getPossibleTypes(parent)] : [parent];
    return types.flatMap((type) => (isObjectType(type) || isInterfaceType(type) ? (type.getFields()[name] ?? []) : []));
  }

  #typeNamed(name: string | undefined): GraphQLNamedType | undefined {
    return name === undefined ? undefined : this.#schema.getType(name);
  }
}
