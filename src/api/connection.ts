import { Field, Int, ObjectType, type ClassType } from 'type-graphql';
import { ApiError } from './errors.ts';

@ObjectType({ description: 'Where a page of a list lies within it (Relay Cursor Connections).' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether more follow.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'Whether some came before.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'The first edge\'s cursor; null on an empty page.' })
  startCursor?: string | null;

  @Field(() => String, { nullable: true, description: 'The last edge\'s cursor: give it as `after` to go on.' })
  endCursor?: string | null;
}

export interface Edge<T> {
  readonly cursor: string;
  readonly node: T;
}

export interface Connection<T> {
  readonly edges: readonly Edge<T>[];
  readonly nodes: readonly T[];
  readonly pageInfo: PageInfo;
  /** Left out where the type promises none. */
  readonly totalCount?: number | Promise<number>;
}

export interface ConnectionTypeOptions {
  /** False for the few lists that promise no total. */
  readonly totalCount?: boolean;
}

/** Declares `${name}Connection` and `${name}Edge` for a node type. Call it once a type, in the type's own room. */
export function connectionType(name: string, node: () => ClassType, options: ConnectionTypeOptions = {}): ClassType<Connection<unknown>> {
  @ObjectType(`${name}Edge`, { description: `One ${name} of a list, with its place.` })
  class EdgeType {
    @Field(() => String, { description: 'The place in the list; it holds while rows are inserted.' })
    cursor!: string;

    @Field(node, { description: `The ${name}.` })
    node!: unknown;
  }

  @ObjectType(`${name}Connection`, { description: `A page of a list of ${name}.` })
  class ConnectionType {
    @Field(() => [EdgeType], { description: 'The page\'s items with their cursors.' })
    edges!: EdgeType[];

    @Field(() => [node()], { description: 'The page\'s items.' })
    nodes!: unknown[];

    @Field(() => PageInfo, { description: 'Where the page lies.' })
    pageInfo!: PageInfo;
  }
  if (options.totalCount !== false) {
    Field(() => Int, { description: 'How many there are in all.' })(ConnectionType.prototype, 'totalCount');
  }
  return ConnectionType as unknown as ClassType<Connection<unknown>>;
}

export const mostPerPage = 100;

export interface PageArgs {
  readonly first?: number | null;
  readonly after?: string | null;
}

/** The page's size, 1 to 100. Throws BAD_USER_INPUT for anything else. */
export function pageSize(args: PageArgs, fallback = 20): number {
  const first = args.first ?? fallback;
  if (first < 1 || first > mostPerPage) throw new ApiError('BAD_USER_INPUT', `"first" is ${first}; it may be 1 to ${mostPerPage}.`);
  return first;
}

/** An opaque cursor for a place named by texts: a list's name, then its sort key. */
export function encodeCursor(list: string, ...key: string[]): string {
  return Buffer.from(JSON.stringify([list, ...key])).toString('base64url');
}

/** Reads a cursor of one list back; null when none was given. Throws CURSOR_INVALID for anything this list never gave out. */
export function decodeCursor(list: string, parts: number, cursor: string | null | undefined): string[] | null {
  if (cursor === null || cursor === undefined) return null;
  const key = cursor.length <= 512 ? parseCursor(cursor) : null;
  if (key === null || key[0] !== list || key.length !== parts + 1) throw invalidCursor(cursor);
  return key.slice(1);
}

export function invalidCursor(cursor: string): ApiError {
  return new ApiError('CURSOR_INVALID', `The cursor ${JSON.stringify(cursor.slice(0, 80))} is not one of this list.`);
}

function parseCursor(cursor: string): string[] | null {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(key) && key.every((part) => typeof part === 'string') ? key : null;
  } catch {
    return null;
  }
}

export interface PageOptions<T> {
  readonly size: number;
  readonly cursorOf: (item: T) => string;
  readonly hasPreviousPage: boolean;
  /** Asked only when a client selects it. */
  readonly totalCount?: () => number | Promise<number>;
}

/** Makes a page out of rows that were read with one more than `size`, so that the extra one tells whether more follow. */
export function pageOf<T>(rows: readonly T[], options: PageOptions<T>): Connection<T> {
  const nodes = rows.slice(0, options.size);
  const edges = nodes.map((node) => ({ cursor: options.cursorOf(node), node }));
  return {
    edges,
    nodes,
    pageInfo: {
      hasNextPage: rows.length > options.size,
      hasPreviousPage: options.hasPreviousPage,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    get totalCount() {
      return options.totalCount?.();
    },
  };
}
