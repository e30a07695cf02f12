import {
  getNamedType, getNullableType, isCompositeType, isListType, isObjectType, isUnionType, Kind, type DocumentNode, type FieldNode,
  type GraphQLField, type GraphQLNamedType, type GraphQLSchema, type OperationDefinitionNode, type SelectionSetNode, type ValueNode,
} from 'graphql';
import { mostPerPage } from '../api/room.ts';
import type { Limits } from '../config.ts';
import type { PublicError } from './error-map.ts';
import { fragmentsOf, isIntrospectionField, tooComplex } from './limits.ts';

/** How many items are expected of a list that takes no `first`. */
const itemsOfPlainLists = 10;

type Variables = Readonly<Record<string, unknown>>;

/**
 * The cost of an operation: how many fields its largest answer could hold. A page counts as full, so `first` multiplies what is
 * selected of each item; a reading of the schema counts as a quarter of what is allowed.
 */
export function costOf(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: Variables, limits: Limits): number {
  const fragments = fragmentsOf(document);
  const measured = new Map<string, number>();
  const defaults = new Map(operation.variableDefinitions?.map((definition) => [definition.variable.name.value, definition.defaultValue]));

  const selectionCost = (selections: SelectionSetNode, type: GraphQLNamedType | undefined): number => {
    let cost = 0;
    for (const selection of selections.selections) {
      if (selection.kind === Kind.FIELD) cost += fieldCost(selection, type);
      else if (selection.kind === Kind.FRAGMENT_SPREAD) cost += fragmentCost(selection.name.value);
      else {
        const condition = selection.typeCondition;
        cost += selectionCost(selection.selectionSet, condition ? schema.getType(condition.name.value) : type);
      }
    }
    return cost;
  };
  const fragmentCost = (name: string): number => {
    const fragment = fragments.get(name);
    if (!fragment) return 0;
    const known = measured.get(name);
    if (known !== undefined) return known;
    measured.set(name, 0);
    const cost = selectionCost(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value));
    measured.set(name, cost);
    return cost;
  };
  const fieldCost = (node: FieldNode, parent: GraphQLNamedType | undefined): number => {
    if (isIntrospectionField(node.name.value)) return Math.floor(limits.cost / 4);
    const field = parent && isCompositeType(parent) && !isUnionType(parent) ? parent.getFields()[node.name.value] : undefined;
    if (!field || !node.selectionSet) return 1;
    return 1 + itemsOf(field, node, parent, readValue) * selectionCost(node.selectionSet, getNamedType(field.type));
  };
  const readValue = (value: ValueNode): unknown => {
    if (value.kind !== Kind.VARIABLE) return value;
    const given = variables[value.name.value];
    return given === undefined ? defaults.get(value.name.value) : given;
  };
  return selectionCost(operation.selectionSet, schema.getRootType(operation.operation) ?? undefined);
}

type ReadValue = (value: ValueNode) => unknown;

/** How many items a field may answer: what `first` or `ids` ask for, as far as a resolver would allow it. */
function itemsOf(field: GraphQLField<unknown, unknown>, node: FieldNode, parent: GraphQLNamedType | undefined, read: ReadValue): number {
  for (const [name, count] of [['first', countOf], ['ids', lengthOf]] as const) {
    const argument = field.args.find((candidate) => candidate.name === name);
    if (!argument) continue;
    const given = node.arguments?.find((candidate) => candidate.name.value === name);
    const items = (given ? count(read(given.value)) : null) ?? count(argument.defaultValue) ?? itemsOfPlainLists;
    return Math.min(Math.max(items, 0), mostPerPage);
  }
  return isListType(getNullableType(field.type)) && !isConnection(parent) ? itemsOfPlainLists : 1;
}

/** A value as JSON gave it, or a literal of the document. */
type Given = unknown | ValueNode;

function countOf(value: Given): number | null {
  if (typeof value === 'number') return Number.isNaN(value) ? null : value;
  const literal = value as ValueNode | null | undefined;
  return literal?.kind === Kind.INT ? Number(literal.value) : null;
}

function lengthOf(value: Given): number | null {
  if (Array.isArray(value)) return value.length;
  const literal = value as ValueNode | null | undefined;
  return literal?.kind === Kind.LIST ? literal.values.length : null;
}

/** The lists of a connection were multiplied already, by the `first` of the field that answers it. */
function isConnection(type: GraphQLNamedType | undefined): boolean {
  return isObjectType(type) && type.name.endsWith('Connection') && 'pageInfo' in type.getFields();
}

/** Says that an operation costs too much, or null. */
export function costProblem(cost: number, limits: Limits): PublicError | null {
  if (cost <= limits.cost) return null;
  return tooComplex(`The operation may answer ${cost} fields in all, pages counted as full; at most ${limits.cost} are allowed. Ask for smaller pages.`, cost, limits.cost);
}
