import type { ApiFace } from '../api/room.ts';
import { CreatorBalanceFields, DashboardMoney } from './creator-balance-type.ts';

export { CreatorBalance } from './creator-balance-type.ts';

export const payoutsRoom: ApiFace = {
  name: 'payouts',
  resolvers: [CreatorBalanceFields, DashboardMoney],
};
