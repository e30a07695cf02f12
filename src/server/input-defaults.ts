import {
  astFromValue, getNamedType, isInputObjectType, isListType, isNonNullType, typeFromAST, valueFromASTUntyped,
  type GraphQLInputType, type GraphQLSchema, type OperationDefinitionNode,
} from 'graphql';

type Variables = Readonly<Record<string, unknown>>;

/**
 * Fills in the defaults of variables and input fields that may not be null (`funding: Funding! = WALLET`) where they are left out:
 * graphql-jit 0.8.9 reads the absence as a mistake, while the specification (GraphQL, October 2021, 3.10 and 6.1.2) takes the default.
 */
export function withInputDefaults(schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Variables): Variables {
  let completed = variables;
  for (const { variable, type: typeNode, defaultValue } of operation.variableDefinitions ?? []) {
    const type = typeFromAST(schema, typeNode as never) as GraphQLInputType | undefined;
    const name = variable.name.value;
    if (!type) continue;
    if (variables[name] === undefined) {
      if (isNonNullType(type) && defaultValue) completed = { ...completed, [name]: valueFromASTUntyped(defaultValue) };
    } else if (isInputObjectType(getNamedType(type))) {
      completed = { ...completed, [name]: complete(type, variables[name]) };
    }
  }
  return completed;
}

function complete(type: GraphQLInputType, value: unknown): unknown {
  if (isNonNullType(type)) return complete(type.ofType, value);
  if (isListType(type)) return Array.isArray(value) ? value.map((item) => complete(type.ofType, item)) : complete(type.ofType, value);
  if (!isInputObjectType(type) || typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const fields: Record<string, unknown> = { ...value };
  for (const field of Object.values(type.getFields())) {
    if (Object.hasOwn(value, field.name)) fields[field.name] = complete(field.type, fields[field.name]);
    else if (isNonNullType(field.type) && field.defaultValue !== undefined) fields[field.name] = written(field.defaultValue, field.type);
  }
  return fields;
}

/** A default as a client would write it: enums by name, scalars serialized. */
function written(value: unknown, type: GraphQLInputType): unknown {
  const node = astFromValue(value, type);
  return node ? valueFromASTUntyped(node) : null;
}
