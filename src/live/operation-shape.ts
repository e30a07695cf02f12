import { createHash } from 'node:crypto';
import {
  getOperationAST, Kind, print, separateOperations, visit,
  type DocumentNode, type FieldNode, type FragmentDefinitionNode, type GraphQLField, type GraphQLSchema, type OperationDefinitionNode, type SelectionSetNode,
} from 'graphql';
import { termsOf, type SubscriptionTerms } from './allow-subscribe.ts';
import { audienceOf, type Audience } from './audience.ts';
import type { Variables } from './execution.ts';

/** What is the same for every socket that sends an operation. */
export interface OperationShape {
  readonly operation: OperationDefinitionNode;
  readonly field: GraphQLField<unknown, unknown>;
  readonly node: FieldNode;
  readonly terms: SubscriptionTerms;
  readonly audience: Audience;
  /** Equal for operations that say the same, whatever cursor they start from. */
  readonly key: string;
  /** The variables that an answer may depend on: all but the one that only says where to start. */
  readonly keyVariables: readonly string[];
}

/** The argument that says where to start, and so must not keep sockets apart. */
const cursorArgument = 'after';

/** Reads the shapes of validated subscriptions, each document's once. */
export class OperationShapes {
  readonly #schema: GraphQLSchema;
  readonly #known = new WeakMap<DocumentNode, Map<string, OperationShape>>();

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  of(document: DocumentNode, operationName: string | null): OperationShape {
    let shapes = this.#known.get(document);
    if (!shapes) this.#known.set(document, (shapes = new Map()));
    const name = operationName ?? '';
    let shape = shapes.get(name);
    if (!shape) shapes.set(name, (shape = readShape(this.#schema, document, operationName)));
    return shape;
  }
}

/** The variables' part of a group's key. */
export function variablesKey(shape: OperationShape, variables: Variables): string {
  return JSON.stringify(shape.keyVariables.map((name) => (Object.hasOwn(variables, name) ? [name, variables[name]] : [name])));
}

function readShape(schema: GraphQLSchema, document: DocumentNode, operationName: string | null): OperationShape {
  const operation = getOperationAST(document, operationName);
  const root = schema.getSubscriptionType();
  if (operation?.operation !== 'subscription' || !root) throw new Error('Only a subscription can be subscribed to.');
  const own = separateOperations(document)[operation.name?.value ?? ''] as DocumentNode;
  const nodes = rootFieldsOf(operation.selectionSet, own);
  const field = nodes[0] && root.getFields()[nodes[0].name.value];
  if (!field) throw new Error('The subscription was not validated: it has no field.');
  const terms = termsOf(field);
  const stripped = withoutCursor(own, new Set(nodes));
  const used = namesUsed(stripped);
  const declared = operation.variableDefinitions?.map((one) => one.variable.name.value) ?? [];
  return {
    operation,
    field,
    node: nodes[0] as FieldNode,
    terms,
    audience: audienceOf({ schema, document: own, field, nodes, subjectField: terms.subjectField }),
    key: createHash('sha256').update(print(withoutUnusedVariables(stripped, used))).digest('base64'),
    keyVariables: declared.filter((name) => used.has(name)),
  };
}

/** Validation lets the one root field be written several times over; its selections then count together. */
function rootFieldsOf(selections: SelectionSetNode, document: DocumentNode): FieldNode[] {
  return selections.selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection];
    const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragmentNamed(document, selection.name.value);
    return inner ? rootFieldsOf(inner.selectionSet, document) : [];
  });
}

function fragmentNamed(document: DocumentNode, name: string): FragmentDefinitionNode | undefined {
  return document.definitions.find((one) => one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === name) as FragmentDefinitionNode | undefined;
}

function withoutCursor(document: DocumentNode, roots: ReadonlySet<FieldNode>): DocumentNode {
  return visit(document, {
    Field: (node) => {
      if (!roots.has(node)) return undefined;
      return { ...node, arguments: node.arguments?.filter((argument) => argument.name.value !== cursorArgument) };
    },
  });
}

function namesUsed(document: DocumentNode): Set<string> {
  const used = new Set<string>();
  visit(document, {
    VariableDefinition: () => false,
    Variable: (node) => void used.add(node.name.value),
  });
  return used;
}

function withoutUnusedVariables(document: DocumentNode, used: ReadonlySet<string>): DocumentNode {
  return visit(document, { VariableDefinition: (node) => (used.has(node.variable.name.value) ? undefined : null) });
}
