import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the server counts of itself, in Prometheus' terms. One registry a server, so that several can live in one process. */
export class Metrics {
  readonly registry = new Registry();

  readonly httpSeconds = new Histogram({
    name: 'farthing_http_request_duration_seconds',
    help: 'Time to answer HTTP requests.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [this.registry],
  });

  readonly operations = new Counter({
    name: 'farthing_graphql_operations_total',
    help: 'GraphQL operations by kind, transport and outcome: OK, or the code of the first error.',
    labelNames: ['kind', 'transport', 'outcome'] as const,
    registers: [this.registry],
  });

  readonly socketsClosed = new Counter({
    name: 'farthing_sockets_closed_total',
    help: 'WebSockets that ended, by close code.',
    labelNames: ['code'] as const,
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** A figure that is read whenever somebody asks for the metrics. */
  gauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({ name, help, registers: [], collect: () => gauge.set(read()) });
    this.registry.registerMetric(gauge);
  }
}
