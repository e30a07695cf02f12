import { visit, type DocumentNode, type OperationDefinitionNode } from 'graphql';

/**
 * What a document holds that graphql-jit 0.8.9 does not run as the specification says; such operations are left to graphql-js.
 * A test runs both on random documents and compares.
 */
export interface JitGaps {
  /** @skip and @include: where several selections meet in one field, it applies the condition of one to another. */
  readonly hasConditions: boolean;
  /** Variables within objects and lists: one that is left out should leave out its field, and is read as null. */
  readonly nestedVariables: ReadonlySet<string>;
}

export function jitGapsOf(document: DocumentNode): JitGaps {
  let hasConditions = false;
  const nestedVariables = new Set<string>();
  const collect = {
    Variable: ({ name }: { name: { value: string } }) => void nestedVariables.add(name.value),
  };
  visit(document, {
    Directive: ({ name }) => {
      hasConditions ||= name.value === 'skip' || name.value === 'include';
    },
    ObjectValue: (node) => void visit(node, collect),
    ListValue: (node) => void visit(node, collect),
  });
  return { hasConditions, nestedVariables };
}

/** Whether graphql-js has to run the operation with these variables. */
export function fallsInGap({ hasConditions, nestedVariables }: JitGaps, operation: OperationDefinitionNode, variables: Readonly<Record<string, unknown>>): boolean {
  if (hasConditions) return true;
  if (nestedVariables.size === 0) return false;
  const declared = operation.variableDefinitions ?? [];
  return declared.some(({ variable, defaultValue }) =>
    defaultValue === undefined && nestedVariables.has(variable.name.value) && variables[variable.name.value] === undefined);
}
