import type { AddressInfo } from 'node:net';
import type { Server as HttpServer } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import type { Config } from '../config.ts';
import { databaseService, type Services } from '../database/room.ts';
import { authHandler, authPath, trustedOrigins } from '../identity/room.ts';
import { liveExecutionService, overlayBuildService } from '../live/room.ts';
import { sandboxPagesPath, sandboxService } from '../payments/room.ts';
import { startApollo } from './apollo.ts';
import { fetchRoute } from './auth-route.ts';
import { ClientAddresses } from './client-address.ts';
import { documentRoutes } from './document-route.ts';
import { isTransient, toPublicError } from './error-map.ts';
import { graphqlRoute } from './graphql-route.ts';
import { healthRoutes } from './health.ts';
import { createHttp } from './http.ts';
import type { Log } from './log.ts';
import { Metrics } from './metrics.ts';
import { metricsRoute } from './metrics-route.ts';
import { Operations } from './operations.ts';
import { Origins } from './origins.ts';
import { builtPagesFolder, overlayBuildId, pageRoutes } from './pages.ts';
import { registerScope } from './scope.ts';
import { Sockets, socketTimings, type SocketTimings } from './sockets.ts';
import type { SubscriptionExecutor } from './subscription.ts';
import { webhookRoute } from './webhook-route.ts';

export interface ServerParts {
  readonly config: Config;
  readonly services: Services;
  readonly schema: GraphQLSchema;
  /** Left out where the schema has no subscriptions. */
  readonly executeSubscription?: SubscriptionExecutor;
  readonly log: Log;
  /** The migrations that the database must have run before the server says that it is ready. */
  readonly migrationNames?: readonly string[];
  readonly gauges?: readonly ServerGauge[];
  readonly timings?: Partial<SocketTimings>;
  readonly pagesFolder?: string;
}

/** A figure of some room for `/metrics`. */
export interface ServerGauge {
  readonly name: string;
  readonly help: string;
  read(services: Services): number;
}

export interface RunningServer {
  /** Where it listens, without a trailing slash. */
  readonly url: string;
  /** Says that it is not ready, refuses what is new, ends sockets with 1012, and waits up to ten seconds for requests that run. */
  stop(): Promise<void>;
}

const drainMs = 10_000;

/** Serves the API: HTTP, WebSockets, sign-in, health, metrics and pages on one port. */
export async function startServer(parts: ServerParts): Promise<RunningServer> {
  const { config, services, log } = parts;
  const metrics = new Metrics();
  for (const gauge of parts.gauges ?? []) metrics.gauge(gauge.name, gauge.help, () => gauge.read(services));
  const origins = new Origins(trustedOrigins(config));
  const operations = new Operations(parts.schema, config.limits);
  services.provide(liveExecutionService, {
    schema: parts.schema,
    execute: (event) => operations.executeEvent(event),
    isTransient,
    toPublicError: (error, requestId) => toPublicError(error, { log, requestId }),
  });
  const pagesFolder = parts.pagesFolder ?? builtPagesFolder();
  services.provide(overlayBuildService, overlayBuildId(pagesFolder));
  const apollo = await startApollo(operations, log);
  const addresses = new ClientAddresses(config.trustedProxies);
  const http = createHttp({ config, log, metrics, origins, addresses });
  let isDraining = false;

  await registerScope(http, 'routes', async (scope) => {
    graphqlRoute(scope, { apollo, services, log, metrics, addresses });
    fetchRoute(scope, { prefix: authPath, publicUrl: config.publicUrl, addresses, handle: authHandler(services) });
    webhookRoute(scope, services);
    const sandbox = services.get(sandboxService);
    if (sandbox) fetchRoute(scope, { prefix: sandboxPagesPath, publicUrl: config.publicUrl, addresses, handle: (request) => sandbox.page(request) });
    healthRoutes(scope, { db: services.get(databaseService), migrationNames: parts.migrationNames ?? [], isDraining: () => isDraining });
    metricsRoute(scope, metrics);
    documentRoutes(scope, services);
    pageRoutes(scope, config.publicUrl, pagesFolder);
  });
  const sockets = new Sockets({
    operations, services, limits: config.limits, log, metrics, origins, addresses,
    executeSubscription: parts.executeSubscription,
    timings: { ...socketTimings, ...parts.timings },
  });
  sockets.attach(http.server);
  await http.listen({ host: config.host, port: config.port });
  const url = addressOf(http.server, config.host);

  return {
    url,
    stop: async () => {
      isDraining = true;
      // Connections whose request has just been answered are kept alive; with nothing to ask any more, they only hold up the end.
      const sweep = setInterval(() => http.server.closeIdleConnections(), 50);
      const giveUp = setTimeout(() => http.server.closeAllConnections(), drainMs);
      await Promise.all([sockets.close(), http.close()]);
      clearInterval(sweep);
      clearTimeout(giveUp);
      await apollo.stop();
    },
  };
}

function addressOf(server: HttpServer, host: string): string {
  const { port } = server.address() as AddressInfo;
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
