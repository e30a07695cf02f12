import {
  ApolloServer, HeaderMap, type ApolloServerOptionsWithGateway, type ApolloServerPlugin, type GraphQLRequestContext, type GraphQLResponse,
} from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled, ApolloServerPluginInlineTraceDisabled, ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { GraphQLError, type DocumentNode, type GraphQLFormattedError } from 'graphql';
import { PublicError, toPublicError } from './error-map.ts';
import type { Log } from './log.ts';
import type { Operations } from './operations.ts';
import { currentRequestId } from './request-id.ts';
import { codesOf, traceOperation, type TracedContext } from './trace.ts';

type GatewayExecutor = NonNullable<Awaited<ReturnType<ApolloServerOptionsWithGateway<TracedContext>['gateway']['load']>>['executor']>;

/**
 * Apollo Server around our own reading and running of operations. It keeps what it is good at: requests and responses by the
 * GraphQL-over-HTTP specification, CSRF prevention, persisted queries. Its `gateway` option is how another executor than graphql-js gets in.
 */
export async function startApollo(operations: Operations, log: Log): Promise<ApolloServer<TracedContext>> {
  const apollo = new ApolloServer<TracedContext>({
    gateway: {
      load: async () => ({ executor: executorOf(operations, log) }),
      onSchemaLoadOrUpdate: (learn) => {
        learn({ apiSchema: operations.schema, coreSupergraphSdl: '' });
        return () => {};
      },
      stop: async () => {},
    },
    introspection: true,
    csrfPrevention: true,
    documentStore: null,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    logger: { debug: () => {}, info: () => {}, warn: (text) => log.warn(String(text)), error: (text) => log.error(String(text)) },
    formatError: (formatted, error) => hideSurprises(formatted, error, log),
    plugins: [
      operationsPlugin(operations),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
  await apollo.start();
  return apollo;
}

function executorOf(operations: Operations, log: Log): GatewayExecutor {
  return async ({ request, document, context }) => {
    const { requestId } = context as TracedContext;
    const prepared = operations.of(document);
    const result = await operations.execute(prepared, request.operationName, request.variables, context as TracedContext, { log, requestId });
    if (result.data === undefined) answerRequestErrors(result.errors as PublicError[], request.http?.headers.get('accept'));
    return result as Awaited<ReturnType<GatewayExecutor>>;
  };
}

/** Gives Apollo the documents that `Operations` prepared, and refuses those that may not run before anything of them does. */
function operationsPlugin(operations: Operations): ApolloServerPlugin<TracedContext> {
  return {
    requestDidStart: async () => ({
      didResolveSource: async (request) => {
        // Apollo parses and validates only where no document stands yet.
        (request as { document?: DocumentNode }).document = operations.prepare(request.source).document;
      },
      responseForOperation: async (request) => {
        const selected = operations.select(operations.of(request.document), request.request.operationName, request.request.variables);
        if (!selected.ok) return refusal(request, selected.problems);
        traceOperation(request.contextValue.trace, selected.operation);
        if (selected.operation.operation !== 'subscription') return null;
        const message = 'Subscriptions run over a WebSocket at this path, by the protocol graphql-transport-ws.';
        return refusal(request, [new PublicError('BAD_REQUEST', message)]);
      },
      willSendResponse: async ({ contextValue, response: { body } }) => {
        if (body.kind === 'single') contextValue.trace.errorCodes = codesOf(body.singleResult.errors);
      },
    }),
  };
}

function refusal(request: GraphQLRequestContext<TracedContext>, problems: readonly PublicError[]): GraphQLResponse {
  const status = statusOfRequestErrors(request.request.http?.headers.get('accept'));
  const errors = problems.map((problem) => problem.toJSON());
  return { http: { status, headers: new HeaderMap() }, body: { kind: 'single', singleResult: { errors } } };
}

/**
 * The status of a well-formed request whose operation cannot run. By the GraphQL-over-HTTP specification 200 where the answer is
 * application/json, since proxies answer with that type too, and 400 where it is application/graphql-response+json.
 */
function statusOfRequestErrors(accept: string | undefined | null): number {
  return accept?.includes('application/graphql-response+json') ? 400 : 200;
}

function answerRequestErrors(errors: readonly PublicError[], accept: string | undefined | null): void {
  for (const error of errors) error.withStatus(statusOfRequestErrors(accept));
}

/** Apollo's own errors tell about the request and may pass; whatever else arrives here without our code is a bug. */
function hideSurprises(formatted: GraphQLFormattedError, error: unknown, log: Log): GraphQLFormattedError {
  const isOurs = error instanceof PublicError || (error instanceof GraphQLError && error.originalError instanceof PublicError);
  const isApollos = formatted.extensions?.code !== undefined && formatted.extensions.code !== 'INTERNAL_SERVER_ERROR';
  if (isOurs || isApollos) return formatted;
  // Persisted queries with a wrong hash or version: Apollo gives these a status and no code.
  if (error instanceof GraphQLError && (error.extensions.http as { status?: number } | undefined)?.status === 400) {
    return new PublicError('BAD_REQUEST', error.message).toJSON();
  }
  const requestId = currentRequestId.getStore() ?? 'unknown';
  return toPublicError(error instanceof GraphQLError ? (error.originalError ?? new Error(error.message)) : error, { log, requestId }).toJSON();
}
