import { betterAuth } from 'better-auth';
import { bearer } from 'better-auth/plugins/bearer';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { configService } from '../config.ts';
import { databaseService, logService, newId, service, type Database, type Log, type Services } from '../database/room.ts';
import { mailerService } from '../mail/room.ts';
import { checkAnswer, checkRequest } from './auth-hooks.ts';
import { PasswordHasher } from './password-hasher.ts';
import { resetMail } from './reset-mail.ts';
import { authSecretService } from './secret.ts';
import { trustedOrigins } from './trusted-origins.ts';

export const authPath = '/api/auth';
export const cookiePrefix = 'farthing';

export const shortestPassword = 8;
export const longestPassword = 128;

const minuteSeconds = 60;
const hourSeconds = 60 * minuteSeconds;
/** A session lasts this long from its sign-in and is never prolonged. */
const sessionSeconds = 30 * 24 * hourSeconds;
const resetTokenSeconds = hourSeconds;
/** More mails than this to one person are not sent, whoever asks for them; the answer tells nobody. */
const resetMailsPerHour = 5;

/** Few: sign-ins wait for each other rather than take connections from money. */
const poolSize = 4;

export interface AuthHandle {
  readonly auth: ReturnType<typeof createAuth>;
  readonly pool: pg.Pool;
}

/** better-auth, with its tables in the schema `auth` and connections of its own, which have the rights and limits of the application's. */
export const authService = service<AuthHandle>(
  'identity.auth',
  (services) => {
    const pool = new pg.Pool({ ...ownConnection(services.get(databaseService)), max: poolSize });
    const log = services.get(logService);
    pool.on('error', (error) => {
      // A pool that is being closed loses its connections as it should.
      if (!pool.ending) log.warn({ reason: error.message }, 'An idle connection of the sign-in pool was lost.');
    });
    return { auth: createAuth(services, pool), pool };
  },
  ({ pool }) => pool.end(),
);

function ownConnection(database: Database): pg.PoolConfig {
  const { types: _theirs, ...options } = database.pool.options;
  // MikroORM's parsers give times as text, and no text is ever earlier than a Date: with them no token and no session would end.
  // pg hides the password from whoever lists a pool's options.
  const { password } = database.pool.options;
  return password === undefined ? options : { ...options, password };
}

function createAuth(services: Services, pool: pg.Pool) {
  const config = services.get(configService);
  const database = services.get(databaseService);
  const passwords = new PasswordHasher();
  const resetMails = new RateLimiterMemory({ points: resetMailsPerHour, duration: hourSeconds });
  return betterAuth({
    appName: 'Farthing',
    baseURL: new URL(config.publicUrl).origin,
    basePath: authPath,
    secret: services.get(authSecretService),
    trustedOrigins: trustedOrigins(config),
    database: { db: new Kysely({ dialect: new PostgresDialect({ pool }) }), type: 'postgres', schemaName: 'auth', transaction: true },
    plugins: [bearer({ requireSignature: true })],
    emailAndPassword: {
      enabled: true,
      minPasswordLength: shortestPassword,
      maxPasswordLength: longestPassword,
      password: { hash: passwords.hash, verify: passwords.verify },
      resetPasswordTokenExpiresIn: resetTokenSeconds,
      revokeSessionsOnPasswordReset: true,
      sendResetPassword: async ({ user, url, token }) => {
        const allowed = await resetMails.consume(user.id).then(() => true, () => false);
        if (allowed) services.get(mailerService).send(resetMail({ to: user.email, token, askedUrl: url, publicUrl: config.publicUrl, lastsMinutes: resetTokenSeconds / minuteSeconds }));
      },
    },
    session: { expiresIn: sessionSeconds, disableSessionRefresh: true },
    // Whoever reads the database finds no token that resets a password.
    verification: { storeIdentifier: 'hashed' },
    hooks: { before: checkRequest, after: checkAnswer(database) },
    databaseHooks: {
      user: { create: { before: async (user) => ({ data: { ...user, image: null } }) } },
      session: { create: { before: async (session) => ({ data: { ...session, userAgent: session.userAgent?.slice(0, 256) } }) } },
    },
    advanced: {
      cookiePrefix,
      useSecureCookies: config.publicUrl.startsWith('https:'),
      database: { generateId: () => newId(), validateSchema: false },
      ipAddress: { disableIpTracking: true },
      // Said aloud, since better-auth turns both checks off where it believes to be under test.
      disableCSRFCheck: false,
      disableOriginCheck: false,
    },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: authLogger(services.get(logService)),
    onAPIError: { throw: true },
  });
}

/** Keeps better-auth's errors and drops their details, which may hold an address or a request's body. */
function authLogger(log: Log) {
  return {
    level: 'error' as const,
    log: (_level: string, message: string, ...details: unknown[]) => {
      const reasons = details.filter((detail) => detail instanceof Error).map((error) => ({ name: error.name, code: (error as { code?: unknown }).code }));
      log.error({ room: 'identity', reasons }, message);
    },
  };
}
