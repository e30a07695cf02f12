import { Migration0001Ground } from './0001-ground.ts';
import { Migration0002Ledger } from './0002-ledger.ts';
import { Migration0003Events } from './0003-events.ts';
import { Migration0004Identity } from './0004-identity.ts';
import { Migration0005Creators } from './0005-creators.ts';
import { Migration0006Wallets } from './0006-wallets.ts';
import { Migration0007Tips } from './0007-tips.ts';
import { Migration0008Spending } from './0008-spending.ts';
import { Migration0009Subscriptions } from './0009-subscriptions.ts';
import { Migration0010Alerts } from './0010-alerts.ts';
import { Migration0011Providers } from './0011-providers.ts';
import { Migration0012MoneyIn } from './0012-money-in.ts';
import { Migration0013Refunds } from './0013-refunds.ts';
import { Migration0014Payouts } from './0014-payouts.ts';

/** Every migration in the order in which it runs. New ones go to the end; landed ones never change. */
export const migrations = [
  { name: '0001-ground', class: Migration0001Ground },
  { name: '0002-ledger', class: Migration0002Ledger },
  { name: '0003-events', class: Migration0003Events },
  { name: '0004-identity', class: Migration0004Identity },
  { name: '0005-creators', class: Migration0005Creators },
  { name: '0006-wallets', class: Migration0006Wallets },
  { name: '0007-tips', class: Migration0007Tips },
  { name: '0008-spending', class: Migration0008Spending },
  { name: '0009-subscriptions', class: Migration0009Subscriptions },
  { name: '0010-alerts', class: Migration0010Alerts },
  { name: '0011-providers', class: Migration0011Providers },
  { name: '0012-money-in', class: Migration0012MoneyIn },
  { name: '0013-refunds', class: Migration0013Refunds },
  { name: '0014-payouts', class: Migration0014Payouts },
];
