import { getArgumentValues, getVariableValues, type DocumentNode, type GraphQLResolveInfo } from 'graphql';
import { ApiError, createContext, enforce, payerIdOf, type RequestContext } from '../api/room.ts';
import { service, type Services } from '../database/room.ts';
import { encodeCursor, eventHubService, StreamInterrupted, streamName, type EventHub } from '../events/room.ts';
import { EventExecutions } from './event-execution.ts';
import { EventGroup } from './event-group.ts';
import { liveExecutionService, type LiveExecution, type Variables } from './execution.ts';
import type { EventFeed, Feed, StateFeed } from './feed.ts';
import { LiveOperation, type LiveOperationParts } from './live-operation.ts';
import { closeCodes } from './live-socket.ts';
import { OperationShapes, variablesKey, type OperationShape } from './operation-shape.ts';
import { nobody, overlaysOf, Runner, TransientFault, type Onlooker } from './runner.ts';
import { StateGroup } from './state-group.ts';

/** A subscription as a socket sent it: read, limited and validated already. */
export interface LiveRequest extends LiveOperationParts {
  /** The same object for the same text, as far as possible: what is learnt of it is kept with it. */
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Variables;
}

/** What the hub is doing, for metrics. */
export interface LiveStatus {
  readonly operations: number;
  /** Sets of operations that share their executions. */
  readonly groups: number;
  /** How many executions there were since the start: one an event and audience. */
  readonly executions: number;
}

interface Entry {
  readonly group: EventGroup | StateGroup;
  members: number;
}

/** Runs the GraphQL subscriptions of a process: sockets that ask the same share every execution. */
export class LiveHub {
  readonly #services: Services;
  readonly #execution: LiveExecution;
  readonly #events: EventHub;
  readonly #shapes: OperationShapes;
  readonly #groups = new Map<string, Entry>();
  readonly #operations = new Set<LiveOperation>();
  #executions = 0;
  #closed = false;

  constructor(services: Services) {
    this.#services = services;
    this.#execution = services.get(liveExecutionService);
    this.#events = services.get(eventHubService);
    this.#shapes = new OperationShapes(this.#execution.schema);
  }

  /**
   * Starts a subscription, under its rule. Throws what refuses it. The frames go to the socket from here; what is answered yields
   * nothing, ends with the subscription, and is freed by `return()`. Later passing faults, a slow reader and a stop close the socket
   * with 1012 or 1013; a bug is thrown by `next()`.
   */
  async subscribe(request: LiveRequest): Promise<LiveOperation> {
    const operation = new LiveOperation(request);
    this.#operations.add(operation);
    operation.onEnd(() => this.#operations.delete(operation));
    try {
      await this.#start(operation, request);
    } catch (error) {
      await operation.return();
      throw error;
    }
    return operation;
  }

  get status(): LiveStatus {
    return { operations: this.#operations.size, groups: this.#groups.size, executions: this.#executions };
  }

  /** Closes every socket with 1012, so that clients go to another process or come back to the next. */
  close(): void {
    this.#closed = true;
    for (const operation of [...this.#operations]) operation.close(closeCodes.serviceRestart, 'the server is stopping');
  }

  async #start(operation: LiveOperation, request: LiveRequest): Promise<void> {
    if (this.#closed) throw new StreamInterrupted('CLOSING', 'This process is stopping.');
    const shape = this.#shapes.of(request.document, request.operationName);
    const context = createContext({ ...request, services: this.#services });
    const feed = await this.#feedOf(shape, request.variables, context);
    await judgeFeed(feed, shape, context);
    if (operation.ended) return;
    if (feed.kind === 'EVENTS') await this.#joinEvents(operation, feed, shape, request);
    else await this.#joinState(operation, feed, shape, request);
  }

  /** Asks the root field what to follow, as graphql-js would. */
  async #feedOf(shape: OperationShape, variables: Variables, context: RequestContext): Promise<Feed> {
    const { schema } = this.#execution;
    const values = getVariableValues(schema, shape.operation.variableDefinitions ?? [], variables, { maxErrors: 20 });
    if (values.errors) throw values.errors[0];
    const args = getArgumentValues(shape.field, shape.node, values.coerced);
    return (await shape.field.subscribe?.(undefined, args, context, {} as GraphQLResolveInfo)) as Feed;
  }

  async #joinEvents(operation: LiveOperation, feed: EventFeed, shape: OperationShape, request: LiveRequest): Promise<void> {
    const subscribed = await this.#events.subscribe({ ...feed.stream, after: feed.after });
    if (subscribed.kind === 'CURSOR_AHEAD') {
      const cursor = encodeCursor({ ...feed.stream, sequence: feed.after as bigint });
      throw new ApiError('CURSOR_INVALID', `The cursor "${cursor}" is of an event that this stream does not have: read the list again, with the cursor that is beside it, and start from that.`);
    }
    const { events, head } = subscribed;
    if (operation.ended) return void events.return();
    const group = this.#groupOf(operation, feed, shape, request, (runner, onlooker) => {
      const executions = new EventExecutions({ feed, runner, hasInsiders: shape.audience === 'STRANGERS', onlooker });
      return new EventGroup({ executions, fail: (one, error) => this.#fail(one, error) });
    }) as EventGroup;
    group.add(operation, feed, events, feed.after === 'HEAD' ? head : feed.after, head);
  }

  async #joinState(operation: LiveOperation, feed: StateFeed, shape: OperationShape, request: LiveRequest): Promise<void> {
    const group = this.#groupOf(operation, feed, shape, request, (runner, onlooker) => {
      const watch = () => this.#events.watch(feed.stream);
      // Who may look can change while they look: a moderator may be dismissed.
      const judge = () => judgeFeed(feed, shape, runner.contextOf(onlooker));
      return new StateGroup({ feed, runner, onlooker, judge, watch, fail: (one, error) => this.#fail(one, error) });
    }) as StateGroup;
    await group.add(operation);
    const left = feed.joined?.();
    if (left) operation.onEnd(left);
  }

  /** The group of those who ask the same and may be answered the same. It is kept while anybody is in it. */
  #groupOf(
    operation: LiveOperation,
    feed: Feed,
    shape: OperationShape,
    { document, operationName, variables, viewer, guest, overlay, remoteAddress }: LiveRequest,
    create: (runner: Runner, onlooker: Onlooker) => EventGroup | StateGroup,
  ): EventGroup | StateGroup {
    const isOneViewers = shape.audience === 'VIEWER' || (feed.kind === 'STATE' && shape.terms.rule.dependsOnViewer);
    const audience = !isOneViewers ? '' : overlay ? `overlays of ${overlay.creatorId}` : (payerIdOf({ viewer, guest }) ?? 'nobody');
    const followed = feed.kind === 'STATE' ? `${streamName(feed.stream)}:${feed.name}` : streamName(feed.stream);
    const key = [shape.key, followed, audience, variablesKey(shape, variables)].join(' ');
    let entry = this.#groups.get(key);
    if (!entry) {
      const runner = new Runner({
        services: this.#services,
        execution: this.#execution,
        document,
        operationName,
        variables,
        executed: () => this.#executions++,
      });
      const onlooker = !isOneViewers ? nobody : overlay ? overlaysOf(overlay.creatorId) : { viewer, guest, overlay, remoteAddress };
      entry = { group: create(runner, onlooker), members: 0 };
      this.#groups.set(key, entry);
    }
    const joined = entry;
    joined.members++;
    operation.onEnd(() => {
      if (--joined.members === 0) this.#groups.delete(key);
    });
    return joined.group;
  }

  /** Ends an operation as its error deserves: what passes closes the socket, what stays is told. */
  #fail(operation: LiveOperation, error: unknown): void {
    if (operation.ended) return;
    if (error instanceof StreamInterrupted && error.reason === 'SLOW_READER') return operation.close(closeCodes.tryAgainLater, 'slow reader');
    const isPassing = error instanceof TransientFault || error instanceof StreamInterrupted || this.#execution.isTransient(error);
    if (isPassing) return operation.close(closeCodes.serviceRestart, 'come back with your last cursor');
    operation.refuse(error as Error);
  }
}

/** Throws unless the feed's rule lets somebody watch. */
async function judgeFeed(feed: Feed, shape: OperationShape, context: RequestContext): Promise<void> {
  if (!(await enforce(shape.terms.rule, context, feed.subject))) throw new ApiError('NOT_FOUND', 'There is nothing here that this account may watch.');
}

/** The hub of this process, made on first use. */
export const liveHubService = service('live.hub', (services) => new LiveHub(services), (hub) => hub.close());
