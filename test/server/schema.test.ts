import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { isEnumType, isInputObjectType, isInterfaceType, isObjectType, type GraphQLSchema } from 'graphql';
import { farthingSchema, printedSchema, rooms } from '../../src/app.ts';

let schema: GraphQLSchema;
beforeAll(async () => {
  schema = await farthingSchema();
});

const file = path.join(import.meta.dirname, '..', '..', 'schema.graphql');

test('schema.graphql is what the code prints (UPDATE_SCHEMA=1 writes it anew)', async () => {
  const printed = await printedSchema();
  if (process.env.UPDATE_SCHEMA === '1') await writeFile(file, printed);
  expect(await readFile(file, 'utf8')).toBe(printed);
});

test('every type, field, argument, input field and enum value is described', () => {
  const undescribed: string[] = [];
  const look = (place: string, thing: { readonly description?: string | null }) => {
    if (!thing.description?.trim()) undescribed.push(place);
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    look(type.name, type);
    if (isEnumType(type)) for (const value of type.getValues()) look(`${type.name}.${value.name}`, value);
    if (isInputObjectType(type)) for (const field of Object.values(type.getFields())) look(`${type.name}.${field.name}`, field);
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      look(`${type.name}.${field.name}`, field);
      for (const argument of field.args) look(`${type.name}.${field.name}(${argument.name})`, argument);
    }
  }
  expect(undescribed).toEqual([]);
});

test('every mutation and subscription states who may use it', () => {
  const roots = [schema.getMutationType(), schema.getSubscriptionType()].filter((type) => type !== null && type !== undefined);
  const fields = roots.flatMap((root) => Object.values(root.getFields()).map((field) => [`${root.name}.${field.name}`, field.extensions.rule] as const));
  expect(fields.length).toBeGreaterThan(0);
  expect(fields.filter(([, rule]) => typeof rule !== 'string').map(([name]) => name)).toEqual([]);
});

test('every type of node states who may read it, and each id prefix belongs to one type', () => {
  const nodes = rooms.flatMap((room) => room.nodes ?? []);
  const implementing = schema.getPossibleTypes(schema.getType('Node') as never).map((type) => type.name);
  expect(nodes.map((node) => node.typeName).sort()).toEqual([...implementing].sort());
  for (const node of nodes) {
    expect([node.typeName, typeof node.readableBy?.name]).toEqual([node.typeName, 'string']);
    expect(node.prefix).toMatch(/^[a-z]{3}$/);
  }
  expect(new Set(nodes.map((node) => node.prefix)).size).toBe(nodes.length);
});
