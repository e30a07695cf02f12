import type pg from 'pg';

export interface RenewalsSize {
  readonly fans: number;
  /** Each to another creator, so at most as many as there are. */
  readonly subscriptionsPerFan: number;
  /** What a wallet holds, in whole units of the currency. */
  readonly walletUnits?: number;
}

export interface RenewalsWorld {
  readonly size: RenewalsSize;
  /** When the first periods began, spread over one day. */
  readonly from: Date;
}

/** The creators that are there, in USD, are subscribed to. Everything is set-based and takes seconds for each 100,000 subscriptions. */
const people = `
  CREATE TEMP TABLE fan AS
    SELECT n AS number, uuidv7() AS id, uuidv7() AS wallet_id, uuidv7() AS funding_id FROM generate_series(1, $1::integer) AS n;
  CREATE TEMP TABLE page AS
    SELECT row_number() OVER (ORDER BY c.id) - 1 AS number, c.id, earnings.id AS earnings_id
    FROM creator c JOIN account earnings ON earnings.owner_id = c.id AND earnings.kind = 'earnings' AND earnings.currency = 'USD'
    WHERE c.currency = 'USD';
  ANALYZE fan, page`;

/** Wallets are filled at the cost of the platform, by postings like any other. */
const wallets = `
  INSERT INTO person (id, display_name, created_at) SELECT id, 'Fan ' || number, now() FROM fan;
  INSERT INTO account (id, owner_id, kind, currency, balance, version, created_at)
    SELECT wallet_id, id, 'wallet', 'USD', $1::bigint, 1, now() FROM fan;
  INSERT INTO account (id, owner_id, kind, currency, created_at)
    SELECT uuidv7(), '0c9de8a1-5d3c-4c1e-9e0b-6d6c1f0a7e01', kind, 'USD', now() FROM unnest(ARRAY['platform_fee', 'platform_loss']) AS kind
    ON CONFLICT DO NOTHING;
  INSERT INTO posting (id, kind, currency, cause_id, created_at) SELECT funding_id, 'ADJUSTMENT', 'USD', uuidv7(), now() FROM fan;
  INSERT INTO entry (posting_id, account_id, amount, version, balance_after)
    SELECT funding_id, wallet_id, $1::bigint, 1, $1::bigint FROM fan;
  INSERT INTO entry (posting_id, account_id, amount)
    SELECT funding_id, loss.id, -$1::bigint FROM fan, account loss WHERE loss.kind = 'platform_loss' AND loss.currency = 'USD';
  INSERT INTO balance_delta (account_id, amount)
    SELECT loss.id, -$1::bigint * (SELECT count(*) FROM fan) FROM account loss WHERE loss.kind = 'platform_loss' AND loss.currency = 'USD'`;

/** In an order of their own, as people join: neighbours in the table are no neighbours in anything else. */
const subscriptions = `
  INSERT INTO subscription (id, person_id, creator_id, currency, amount_micros, interval, status, idempotency_key, input_hash, started_at,
      plan_since, anchor, anchor_index, period_index, period_start, period_end, next_charge_at, access_until)
    SELECT uuidv7(), fan_id, page_id, 'USD', amount, 'MONTH', 'ACTIVE', 'k' || place, '\\x00', anchor, anchor, anchor, 1, 1, anchor,
      anchor + interval '1 month', anchor + interval '1 month', anchor + interval '1 month'
    FROM (
      SELECT fan.id AS fan_id, page.id AS page_id, place, 50000 + (fan.number::bigint * 7919 + place * 104729) % 950000 AS amount,
        $2::timestamptz + make_interval(secs => (fan.number::bigint * 48271 + place * 69621) % 86400) AS anchor
      FROM fan CROSS JOIN generate_series(0, $1::integer - 1) AS place CROSS JOIN (SELECT count(*) FROM page) total (pages)
      JOIN page ON page.number = (fan.number + place * greatest(1, total.pages / $1)) % total.pages
      ORDER BY random()
    ) joined`;

/** Who is a member of what, as the room that writes subscriptions keeps count of it. */
const figures = `
  INSERT INTO counter (owner_id, name, value) SELECT person_id, 'subscriptions', count(*) FROM subscription GROUP BY person_id;
  INSERT INTO counter (owner_id, name, value)
    SELECT creator_id, name, count(*) FROM subscription, unnest(ARRAY['members', 'members.ACTIVE']) AS name GROUP BY creator_id, name;
  INSERT INTO membership_day (creator_id, day, started, active_delta, monthly_delta_micros)
    SELECT creator_id, started_at::date, count(*), count(*), sum(amount_micros) FROM subscription GROUP BY creator_id, started_at::date`;

/** Fills a migrated database with fans whose subscriptions were paid for once. The connection is the owner's, for its temporary tables. */
export async function makeRenewalsWorld(client: pg.ClientBase, size: RenewalsSize, from: Date): Promise<RenewalsWorld> {
  const { fans, subscriptionsPerFan, walletUnits = 1_000 } = size;
  await client.query('BEGIN');
  await runAll(client, people, [fans]);
  await runAll(client, wallets, [walletUnits * 1_000_000]);
  await runAll(client, subscriptions, [subscriptionsPerFan, from.toISOString()]);
  await runAll(client, figures, []);
  await client.query('DROP TABLE fan, page');
  await client.query('COMMIT');
  await client.query('ANALYZE');
  await preparePeriod(client, 'STARTED');
  await writePrepared(client);
  return { size, from };
}

/** The rows that one more period of every active subscription consists of, worked out beforehand; 5 % are the platform's. */
const prepared = `
  CREATE TEMP TABLE due AS
    WITH charged AS (
      SELECT s.id AS subscription_id, s.creator_id, s.person_id, s.amount_micros AS amount, s.amount_micros * 500 / 10000 AS fee,
        CASE WHEN s.charge_count = 0 THEN 1 ELSE s.period_index + 1 END AS index,
        CASE WHEN s.charge_count = 0 THEN s.period_start ELSE s.period_end END AS starts_at,
        s.anchor, s.anchor_index, wallet.id AS wallet_id, wallet.balance AS wallet_balance, wallet.version AS wallet_version,
        earnings.id AS earnings_id, earnings.balance AS earnings_balance, earnings.version AS earnings_version, stream.head
      FROM subscription s
      JOIN account wallet ON wallet.owner_id = s.person_id AND wallet.kind = 'wallet' AND wallet.currency = s.currency
      JOIN account earnings ON earnings.owner_id = s.creator_id AND earnings.kind = 'earnings' AND earnings.currency = s.currency
      JOIN stream ON stream.creator_id = s.creator_id AND stream.topic = 'members'
      WHERE s.status = 'ACTIVE'
    )
    SELECT uuidv7() AS charge_id, uuidv7() AS posting_id, charged.*, anchor + (index - anchor_index + 1) * interval '1 month' AS ends_at,
      wallet_version + row_number() OVER of_wallet AS wallet_version_after, wallet_balance - sum(amount) OVER of_wallet AS wallet_after,
      earnings_version + row_number() OVER of_earnings AS earnings_version_after, earnings_balance + sum(amount - fee) OVER of_earnings AS earnings_after,
      head + row_number() OVER of_earnings AS sequence, $1::text AS kind
    FROM charged
    WINDOW of_wallet AS (PARTITION BY wallet_id ORDER BY subscription_id), of_earnings AS (PARTITION BY earnings_id ORDER BY subscription_id);
  ANALYZE due`;

/** One statement a table: what a renewal run writes at least, whoever works it out. */
const written = `
  UPDATE subscription s SET period_index = due.index, period_start = due.starts_at, period_end = due.ends_at, next_charge_at = due.ends_at,
      access_until = due.ends_at, charge_count = s.charge_count + 1
    FROM due WHERE s.id = due.subscription_id;
  INSERT INTO charge (id, subscription_id, kind, period_index, currency, amount_micros, fee_bps, fee_micros, net_micros, status, created_at, charged_at)
    SELECT charge_id, subscription_id, 'PERIOD', index, 'USD', amount, 500, fee, amount - fee, 'SUCCEEDED', starts_at, starts_at FROM due;
  INSERT INTO subscription_period (subscription_id, index, starts_at, ends_at, state)
    SELECT subscription_id, index, starts_at, ends_at, 'CHARGED' FROM due;
  INSERT INTO posting (id, kind, currency, cause_id, created_at) SELECT posting_id, 'SUBSCRIPTION', 'USD', charge_id, starts_at FROM due;
  INSERT INTO entry (posting_id, account_id, amount, version, balance_after)
    SELECT posting_id, wallet_id, -amount, wallet_version_after, wallet_after FROM due
    UNION ALL SELECT posting_id, earnings_id, amount - fee, earnings_version_after, earnings_after FROM due
    UNION ALL SELECT posting_id, fees.id, fee, NULL, NULL FROM due, account fees WHERE fees.kind = 'platform_fee' AND fees.currency = 'USD';
  UPDATE account a SET version = moved.version, balance = a.balance + moved.amount
    FROM (
      SELECT wallet_id AS id, max(wallet_version_after) AS version, -sum(amount) AS amount FROM due GROUP BY wallet_id
      UNION ALL SELECT earnings_id, max(earnings_version_after), sum(amount - fee) FROM due GROUP BY earnings_id
    ) moved WHERE a.id = moved.id;
  INSERT INTO balance_delta (account_id, amount)
    SELECT fees.id, (SELECT sum(fee) FROM due) FROM account fees WHERE fees.kind = 'platform_fee' AND fees.currency = 'USD';
  INSERT INTO earnings_hold AS h (account_id, hour, amount)
    SELECT earnings_id, date_trunc('hour', starts_at), sum(amount - fee) FROM due GROUP BY 1, 2
    ON CONFLICT (account_id, hour) DO UPDATE SET amount = h.amount + excluded.amount;
  INSERT INTO spending_day AS d (person_id, currency, day, spent_micros)
    SELECT person_id, 'USD', starts_at::date, sum(amount) FROM due GROUP BY 1, 3
    ON CONFLICT (person_id, currency, day) DO UPDATE SET spent_micros = d.spent_micros + excluded.spent_micros;
  UPDATE stream s SET head = moved.head FROM (SELECT creator_id, max(sequence) AS head FROM due GROUP BY creator_id) moved
    WHERE s.creator_id = moved.creator_id AND s.topic = 'members';
  INSERT INTO stream_event (creator_id, topic, sequence, kind, subject_id, created_at)
    SELECT creator_id, 'members', sequence, kind, subscription_id, starts_at FROM due`;

/** Works out the next period's rows in a temporary table; `writePrepared` then writes them. */
export async function preparePeriod(client: pg.ClientBase, kind: 'STARTED' | 'RENEWED'): Promise<void> {
  await client.query('DROP TABLE IF EXISTS due');
  await runAll(client, prepared, [kind]);
}

/** Writes the prepared rows in one transaction, by plain INSERT … SELECT, and answers how long that took. */
export async function writePrepared(client: pg.ClientBase): Promise<{ readonly rows: number; readonly seconds: number }> {
  const { rows } = await client.query<{ count: number }>('SELECT count(*)::integer AS count FROM due');
  const start = performance.now();
  await client.query('BEGIN');
  await runAll(client, written, []);
  await client.query('COMMIT');
  return { rows: rows[0]!.count, seconds: (performance.now() - start) / 1_000 };
}

/** PostgreSQL takes one statement at a time with parameters, and as many of these as it mentions. */
async function runAll(client: pg.ClientBase, text: string, values: readonly unknown[]): Promise<void> {
  for (const statement of text.split(';')) {
    const used = Math.max(0, ...[...statement.matchAll(/\$(\d)/g)].map((match) => Number(match[1])));
    await client.query(statement, values.slice(0, used));
  }
}
