import { makeServer, type Context, type ServerOptions } from 'graphql-ws';
import { GraphQLError, type ExecutionArgs, type ExecutionResult, type FormattedExecutionResult, type OperationDefinitionNode } from 'graphql';
import type { IncomingMessage } from 'node:http';
import { createContext } from '../api/room.ts';
import type { Limits } from '../config.ts';
import type { Services } from '../database/room.ts';
import { sessionsAlive, visitorFromRequest } from '../identity/room.ts';
import { overlayBuildService, overlayConnectionsService } from '../live/room.ts';
import { hasTransientError, isTransient, PublicError, toPublicError } from './error-map.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Operations, Variables } from './operations.ts';
import { closeCodes, type SocketConnection } from './socket-connection.ts';
import type { SubscriptionExecutor } from './subscription.ts';
import { codesOf } from './trace.ts';

export interface ProtocolParts {
  readonly operations: Operations;
  readonly services: Services;
  readonly limits: Limits;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly executeSubscription?: SubscriptionExecutor;
  readonly initTimeoutMs: number;
}

interface Extra {
  readonly connection: SocketConnection;
  readonly request: IncomingMessage;
}

type SocketContext = Context<Record<string, unknown>, Extra>;

/** What one operation needs between our hooks; graphql-ws hands its execution arguments through. */
interface Started extends ExecutionArgs {
  readonly result: AsyncIterableIterator<ExecutionResult> | ExecutionResult | Promise<ExecutionResult>;
}

/** Speaks graphql-transport-ws. Each operation is limited and refused as over HTTP; subscriptions run in the executor that was given. */
export function speakProtocol(parts: ProtocolParts): ReturnType<typeof makeServer<Record<string, unknown>, Extra>> {
  const { log } = parts;
  // By payload, since a client may use an id again while its first operation still runs.
  const turns: TurnsTaken = new WeakSet();
  const options: ServerOptions<Record<string, unknown>, Extra> = {
    connectionInitWaitTimeout: parts.initTimeoutMs,
    onConnect: (context) => connect(context, parts),
    onSubscribe: (context, id, payload) => start(context, id, payload, parts, turns),
    execute: (args) => (args as Started).result as Promise<ExecutionResult>,
    subscribe: (args) => (args as Started).result as AsyncIterableIterator<ExecutionResult>,
    onNext: ({ extra: { connection } }, _id, _payload, _args, result) => {
      if (!result.errors?.length) return undefined;
      const errors = result.errors.map((error) => toPublicError(error, { log, requestId: connection.requestId }));
      // An event that could not be read in full would be missed: a client that comes back with its last cursor reads it again.
      const isEvent = (_args as ExecutionArgs).contextValue === undefined;
      if (isEvent && hasTransientError(errors)) connection.close(closeCodes.tryAgainLater, 'Try again later');
      return { ...result, errors: errors.map((error) => error.toJSON()) } as FormattedExecutionResult;
    },
    // Called when the answer has left the process.
    onComplete: ({ extra: { connection } }, _id, payload) => {
      if (turns.delete(payload)) connection.turns.finish();
    },
    onError: ({ extra: { connection } }, _id, _payload, errors) => {
      if (errors.some(isTransient)) connection.close(closeCodes.tryAgainLater, 'Try again later');
      return errors.map((error) => toPublicError(error, { log, requestId: connection.requestId }).toJSON());
    },
  };
  return makeServer(options);
}

/** What connection_ack carries, true for nothing, or false for a socket that was closed. */
type Connected = Readonly<Record<string, unknown>> | boolean;

/** Reads who connects: an overlay says so with the `{overlayToken}` of connection_init, and is nobody else then. */
async function connect({ connectionParams, extra: { connection, request } }: SocketContext, parts: ProtocolParts): Promise<Connected> {
  const given = (name: string) => {
    const value = connectionParams?.[name];
    return value === undefined || value === null || value === '' ? undefined : value;
  };
  const [overlayToken, authToken] = [given('overlayToken'), given('authToken')];
  for (const [name, token] of Object.entries({ overlayToken, authToken })) {
    if (token !== undefined && typeof token !== 'string') return refuse(connection, `${name} is not a string`);
  }
  try {
    if (overlayToken !== undefined) return await connectOverlay(connection, overlayToken as string, parts);
    return await connectVisitor(connection, request, authToken as string | undefined, parts);
  } catch (error) {
    parts.log.warn({ err: error, requestId: connection.requestId }, 'The credential of a socket could not be read.');
    connection.close(closeCodes.tryAgainLater, 'Try again later');
    return false;
  }
}

/** Who connects is whom `{authToken}` of connection_init names, else what a non-browser sent with the upgrade, else the browser's cookie. */
async function connectVisitor(connection: SocketConnection, request: IncomingMessage, authToken: string | undefined, { services }: ProtocolParts): Promise<boolean> {
  const authorization = authToken === undefined ? request.headers.authorization : `Bearer ${authToken}`;
  const visitor = await visitorFromRequest(services, { authorization, cookie: request.headers.cookie });
  if (visitor === 'INVALID') return refuse(connection, 'The session is not valid or has ended');
  Object.assign(connection, visitor);
  return true;
}

/** An overlay hears at each connection which build serves it, since a new one may have come while it was away. */
async function connectOverlay(connection: SocketConnection, token: string, { services }: ProtocolParts): Promise<Connected> {
  const overlays = services.get(overlayConnectionsService);
  const overlay = await overlays.signIn(token, () => connection.close(closeCodes.unauthorized, overlayRevoked));
  if (!overlay) return refuse(connection, 'The overlay token is not valid: it was replaced, or its overlay deleted');
  connection.overlay = overlay;
  connection.socket.once('close', () => overlays.close(overlay.connectionId));
  if (!connection.isOpen) overlays.close(overlay.connectionId);
  return { buildId: services.get(overlayBuildService) };
}

const overlayRevoked = 'The overlay token was replaced, or its overlay deleted';

function refuse(connection: SocketConnection, reason: string): false {
  connection.close(closeCodes.unauthorized, reason);
  return false;
}

type SubscribePayload = Parameters<NonNullable<ServerOptions['onSubscribe']>>[2];

/** The payloads of operations whose turn it is. */
type TurnsTaken = WeakSet<SubscribePayload>;

async function start(context: SocketContext, id: string, payload: SubscribePayload, parts: ProtocolParts, turns: TurnsTaken): Promise<Started | readonly GraphQLError[]> {
  const { connection } = context.extra;
  // Those that a client gave up while they waited are no subscriptions any more.
  const running = Math.max(Object.keys(context.subscriptions).length, connection.turns.waiting + 1);
  const most = parts.limits.socketOperations;
  if (running > most) {
    return count(parts, 'unknown', [new PublicError('RATE_LIMITED', `${running} operations run on this socket; at most ${most} may.`)]);
  }
  const prepared = parts.operations.prepare(payload.query);
  const operationName = payload.operationName ?? null;
  const variables: Variables = payload.variables ?? {};
  const selected = parts.operations.select(prepared, operationName, variables);
  if (!selected.ok) return count(parts, 'unknown', selected.problems);
  const { operation } = selected;
  const { viewer, guest, overlay, remoteAddress } = connection;
  const shared = { services: parts.services, viewer, guest, overlay, requestId: `${connection.requestId}:${id}`.slice(0, 100), remoteAddress };
  const args = { schema: parts.operations.schema, document: prepared.document, operationName };
  if (operation.operation !== 'subscription') {
    await connection.turns.take();
    const problem = await lateProblem(context, id, operation, parts);
    if (problem) {
      connection.turns.finish();
      return count(parts, operation.operation, [problem]);
    }
    turns.add(payload);
    const contextValue = createContext(shared);
    const result = parts.operations.execute(prepared, operationName, variables, contextValue, { log: parts.log, requestId: shared.requestId });
    void result.then(({ errors }) => count(parts, operation.operation, errors), () => {});
    return { ...args, contextValue, result };
  }
  try {
    if (!parts.executeSubscription) throw new Error('The schema has subscriptions, but the server was given no executor for them.');
    const result = await parts.executeSubscription({ ...shared, ...args, operation, variables, operationId: id, socket: connection.frames });
    const refused = 'errors' in result && !(Symbol.asyncIterator in result) ? result.errors : undefined;
    if (refused?.length) return count(parts, 'subscription', refused.map((error) => toPublicError(error, { log: parts.log, requestId: shared.requestId })));
    count(parts, 'subscription', undefined);
    return { ...args, contextValue: undefined, result };
  } catch (error) {
    const isPassing = isTransient(error);
    if (isPassing) connection.close(closeCodes.tryAgainLater, 'Try again later');
    return count(parts, 'subscription', [toPublicError(error, { log: parts.log, requestId: shared.requestId })]);
  }
}

/** Why an operation whose turn came may not run any more, or null. What moves money never trusts what was read of the session before. */
async function lateProblem({ extra: { connection }, subscriptions }: SocketContext, id: string, { operation }: OperationDefinitionNode, { services, log }: ProtocolParts): Promise<PublicError | null> {
  if (!connection.isOpen || connection.closeIfSlow()) return new PublicError('RATE_LIMITED', 'The socket was closed before the operation ran.');
  if (!(id in subscriptions)) return new PublicError('BAD_REQUEST', 'The operation was given up before it ran.');
  if (operation !== 'mutation') return null;
  try {
    if (await isCredentialAlive(connection, services)) return null;
  } catch (error) {
    return toPublicError(error, { log, requestId: connection.requestId });
  }
  const reason = connection.overlay ? overlayRevoked : 'The session has ended';
  connection.close(closeCodes.unauthorized, reason);
  return new PublicError('UNAUTHENTICATED', `${reason}.`);
}

async function isCredentialAlive({ overlay, sessionId }: SocketConnection, services: Services): Promise<boolean> {
  if (overlay) return services.get(overlayConnectionsService).isAlive(overlay.connectionId);
  return sessionId === null || (await sessionsAlive(services, [sessionId])).has(sessionId);
}

/** Counts an operation that was answered, and gives its errors back. */
function count<T extends readonly GraphQLError[] | undefined>({ metrics }: ProtocolParts, kind: string, errors: T): T {
  metrics.operations.inc({ kind, transport: 'socket', outcome: codesOf(errors)[0] ?? 'OK' });
  return errors;
}
