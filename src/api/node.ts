import { Arg, Ctx, Field, ID, InterfaceType, Query, Resolver } from 'type-graphql';
import DataLoader from 'dataloader';
import { service } from '../database/room.ts';
import { cached, type RequestContext } from './context.ts';
import { ApiError } from './errors.ts';
import { decodeId } from './node-id.ts';
import type { Rule } from './rule.ts';

const typeNames = new WeakMap<object, string>();

@InterfaceType('Node', {
  description: 'An object that can be read again by its id.',
  resolveType: (value: object) => typeNames.get(value),
})
export abstract class NodeInterface {
  @Field(() => ID, { description: 'Opaque: a type prefix and a UUIDv7, such as tip_01k…' })
  id!: string;
}

/** How one type of node is found again. Rooms list theirs in their face. */
export interface NodeType<T extends object = object> {
  readonly typeName: string;
  /** The id's prefix: three lower-case letters, such as "tip". */
  readonly prefix: string;
  /** The kinds of ledger posting that are about such a node: statements link to it. */
  readonly postingKinds?: readonly string[];
  /** Who was paid, for the statement of whoever paid; left out where the kind of posting says enough. */
  payee?(node: T, context: RequestContext): Promise<string>;
  /** Who may read one; what may not be read is null, exactly like what does not exist. */
  readonly readableBy: Rule;
  /** Reads many at once, in the order of the ids. */
  load(context: RequestContext, uuids: readonly string[]): Promise<readonly (T | null)[]>;
}

/** Every room's node types by prefix; provided by the composition root. */
export const nodeTypesService = service<ReadonlyMap<string, NodeType>>('api.nodes');

/** Tells GraphQL which type a value has where only an interface or union is promised. */
export function withTypeName<T extends object>(value: T, typeName: string): T {
  typeNames.set(value, typeName);
  return value;
}

export function typeNameOf(value: object): string | undefined {
  return typeNames.get(value);
}

/** Reads a node by type prefix and UUID under its type's rule. Null alike for what does not exist and what may not be read. */
export async function loadNode(context: RequestContext, prefix: string, uuid: string): Promise<object | null> {
  const type = context.services.get(nodeTypesService).get(prefix);
  if (!type) return null;
  const loader = cached(context, `node.${prefix}`, () =>
    new DataLoader<string, object | null>(async (uuids) => (await type.load(context, uuids)).map((node) => node && withTypeName(node, type.typeName))),
  );
  const node = await loader.load(uuid);
  if (!node) return null;
  return (await type.readableBy.decide(context, node)) === 'ALLOWED' ? node : null;
}

const mostIds = 100;

@Resolver()
export class NodeResolver {
  @Query(() => NodeInterface, { nullable: true, description: 'Null alike for what does not exist and for what the viewer may not read.' })
  node(@Arg('id', () => ID, { description: 'The id of any node.' }) id: string, @Ctx() context: RequestContext): Promise<object | null> {
    const decoded = decodeId(id);
    return decoded ? loadNode(context, decoded.prefix, decoded.uuid) : Promise.resolve(null);
  }

  @Query(() => [NodeInterface], { nullable: 'items', description: 'Many nodes in the order of their ids, null where `node` would be.' })
  nodes(@Arg('ids', () => [ID], { description: `At most ${mostIds} ids.` }) ids: string[], @Ctx() context: RequestContext): Promise<(object | null)[]> {
    if (ids.length > mostIds) throw new ApiError('BAD_USER_INPUT', `${ids.length} ids were asked for; at most ${mostIds} may be.`);
    return Promise.all(ids.map((id) => this.node(id, context)));
  }
}
