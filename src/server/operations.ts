import { compileQuery, isCompiledQuery, type CompiledQuery } from 'graphql-jit';
import {
  execute, getOperationAST, GraphQLError, parse, specifiedRules, validate, type DocumentNode, type ExecutionResult, type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { RequestContext } from '../api/room.ts';
import type { Limits } from '../config.ts';
import type { EventOperation } from '../live/room.ts';
import { costOf, costProblem } from './cost.ts';
import { PublicError, toPublicError, type ErrorScene } from './error-map.ts';
import { withInputDefaults } from './input-defaults.ts';
import { fallsInGap, jitGapsOf, type JitGaps } from './jit-gaps.ts';
import { measure, sizeProblem, tooComplex } from './limits.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** A document that was parsed, measured and validated, whatever came of it. */
export interface Prepared {
  readonly document: DocumentNode;
  /** Why it may not run; empty when it may. */
  readonly problems: readonly PublicError[];
  readonly compiled: Map<string, CompiledQuery | ExecutionResult>;
  readonly gaps: JitGaps;
}

export type Selected =
  | { readonly ok: true; readonly operation: OperationDefinitionNode }
  | { readonly ok: false; readonly problems: readonly PublicError[] };

const unreadable: DocumentNode = parse('{ __typename }');
const noGaps = jitGapsOf(unreadable);

/** Documents kept, in characters of source and compiled code, so that no mix of clients fills the memory. */
const mostKept = 32_000_000;

/**
 * Reads, limits and runs operations, for HTTP and sockets alike. Valid documents are kept, with the code that graphql-jit made of
 * them, until the least used must make room.
 */
export class Operations {
  readonly schema: GraphQLSchema;
  readonly #limits: Limits;
  readonly #kept = new Map<string, { prepared: Prepared; weight: number }>();
  readonly #byDocument = new WeakMap<DocumentNode, Prepared>();
  #weight = 0;

  constructor(schema: GraphQLSchema, limits: Limits) {
    this.schema = schema;
    this.#limits = limits;
  }

  prepare(source: string): Prepared {
    const kept = this.#kept.get(source);
    if (kept) {
      this.#kept.delete(source);
      this.#kept.set(source, kept);
      return kept.prepared;
    }
    const prepared = this.#read(source);
    this.#byDocument.set(prepared.document, prepared);
    if (prepared.problems.length === 0) this.#keep(source, prepared);
    return prepared;
  }

  /** What `prepare` answered for a document. */
  of(document: DocumentNode): Prepared {
    const prepared = this.#byDocument.get(document);
    if (!prepared) throw new Error('A document that was not prepared here cannot run here.');
    return prepared;
  }

  /** The operation to run, if the document, its name, and its cost with these variables allow it. */
  select(prepared: Prepared, operationName: string | null | undefined, variables: Variables | null | undefined): Selected {
    if (prepared.problems.length > 0) return { ok: false, problems: prepared.problems };
    const operation = getOperationAST(prepared.document, operationName || null);
    if (!operation) {
      const message = operationName
        ? `The document has no operation named ${JSON.stringify(operationName.slice(0, 80))}.`
        : 'The document has several operations: say which with "operationName".';
      return { ok: false, problems: [new PublicError('OPERATION_RESOLUTION_FAILURE', message)] };
    }
    const cost = costOf(this.schema, prepared.document, operation, variables ?? {}, this.#limits);
    const problem = costProblem(cost, this.#limits);
    return problem ? { ok: false, problems: [problem] } : { ok: true, operation };
  }

  /** Runs a query or a mutation. Its errors are as clients may see them. */
  async execute(prepared: Prepared, operationName: string | null | undefined, variables: Variables | null | undefined, context: RequestContext, scene: ErrorScene): Promise<ExecutionResult> {
    return publicResult(await this.#run(prepared, operationName || null, variables ?? {}, undefined, context), scene);
  }

  /** Runs a subscription's operation on one event. Its errors are as they were thrown. */
  executeEvent({ document, operationName, variables, rootValue, context }: EventOperation): ExecutionResult | Promise<ExecutionResult> {
    return this.#run(this.of(document), operationName || null, variables, rootValue, context);
  }

  /** The operation's code, or the reason why there is none. */
  compile(prepared: Prepared, operationName: string | null): CompiledQuery | ExecutionResult {
    const name = operationName ?? '';
    let compiled = prepared.compiled.get(name);
    if (!compiled) {
      compiled = compileQuery(this.schema, prepared.document, operationName ?? undefined, { disablingCapturingStackErrors: true });
      prepared.compiled.set(name, compiled);
    }
    return compiled;
  }

  #run(prepared: Prepared, operationName: string | null, variables: Variables, rootValue: unknown, contextValue: RequestContext): ExecutionResult | Promise<ExecutionResult> {
    const { document, gaps } = prepared;
    const operation = getOperationAST(document, operationName);
    if (!operation || fallsInGap(gaps, operation, variables)) {
      return execute({ schema: this.schema, document, operationName, variableValues: variables, rootValue, contextValue }) as ExecutionResult | Promise<ExecutionResult>;
    }
    const compiled = this.compile(prepared, operationName);
    if (!isCompiledQuery(compiled)) return compiled;
    return compiled.query(rootValue, contextValue, withInputDefaults(this.schema, operation, variables));
  }

  #read(source: string): Prepared {
    const refuse = (problems: readonly PublicError[]): Prepared => ({ document: { ...unreadable }, problems, compiled: new Map(), gaps: noGaps });
    let document: DocumentNode;
    try {
      document = parse(source, { maxTokens: this.#limits.tokens });
    } catch (error) {
      return refuse([this.#parseProblem(error as GraphQLError)]);
    }
    // Before validation, whose own work grows faster than the document does.
    const problem = sizeProblem(document, this.#limits);
    if (problem) return refuse([problem]);
    const problems = mistakesOf(this.schema, document).map((mistake) => new PublicError('GRAPHQL_VALIDATION_FAILED', mistake.message).at(mistake.locations));
    return problems.length > 0 ? refuse(problems) : { document, problems, compiled: new Map(), gaps: jitGapsOf(document) };
  }

  #parseProblem(error: GraphQLError): PublicError {
    if (error.message.includes('Parsing aborted')) {
      return tooComplex(`The document has more than ${this.#limits.tokens} tokens; no more are allowed.`, null, this.#limits.tokens);
    }
    return new PublicError('GRAPHQL_PARSE_FAILED', error.message).at(error.locations);
  }

  #keep(source: string, prepared: Prepared): void {
    // A compiled field takes about a kilobyte.
    const weight = source.length + 1_000 * measure(prepared.document).reduce((sum, size) => sum + size.fields, 1);
    this.#kept.set(source, { prepared, weight });
    this.#weight += weight;
    for (const [oldest, entry] of this.#kept) {
      if (this.#weight <= mostKept) break;
      this.#kept.delete(oldest);
      this.#weight -= entry.weight;
    }
  }
}

function mistakesOf(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
  try {
    return validate(schema, document, specifiedRules, { maxErrors: 20 });
  } catch (error) {
    // A rule that evaluates @skip and @include throws where a variable stands in them: no variable has a value yet.
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
}

function publicResult(result: ExecutionResult, scene: ErrorScene): ExecutionResult {
  if (!result.errors?.length) return result;
  return { ...result, errors: result.errors.map((error) => toPublicError(error, scene)) };
}
