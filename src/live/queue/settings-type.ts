import { Ctx, Field, FieldResolver, Int, ObjectType, Resolver, Root } from 'type-graphql';
import { MoneyType, type RequestContext } from '../../api/room.ts';
import { CreatorDashboard, type Creator } from '../../creators/room.ts';
import { money, type Money } from '../../money/room.ts';
import { AlertKind } from './alert-enums.ts';
import { loadAlertSettings, type AlertSettings } from './settings.ts';

@ObjectType('AlertVariant', { description: 'A look of alerts: for amounts from its own least amount up to that of the next variant.' })
export class AlertVariantType {
  @Field(() => String, { description: 'What pages know it by.' })
  name!: string;

  @Field(() => MoneyType, { description: 'The least amount it is for. The first variant is also for whatever is less.' })
  from!: Money;

  @Field(() => String, {
    description: 'The headline, with {name}, {amount} and {tier} for what they stand for. One that names {tier} is for memberships, any other for tips.',
  })
  headline!: string;

  @Field(() => Int, { description: 'How long such alerts are shown, in milliseconds: 1,000 to 30,000.' })
  durationMs!: number;
}

/** Its root value is an `AlertSettings`. */
@ObjectType('AlertSettings', { description: 'What a creator wants of alerts.' })
export class AlertSettingsType {
  @Field(() => [AlertKind], { description: 'What is shown.' })
  kinds!: AlertKind[];

  @Field(() => [String], { description: 'Words that are masked beside common profanity, in any case.' })
  blockedWords!: string[];

  @Field(() => Boolean, { description: 'Whether moderators see alerts without their amounts.' })
  hideAmountsFromModerators!: boolean;

  @Field(() => Int, { description: 'After so many seconds without being shown, waiting alerts become one digest.' })
  maxAgeSeconds!: number;

  @Field(() => Boolean, { description: 'Whether overlays read messages aloud.' })
  speech!: boolean;
}

@Resolver(() => AlertSettingsType)
export class AlertSettingsFields {
  @FieldResolver(() => MoneyType, { description: 'The least tip or membership that is shown; the page\'s tip minimum unless another was chosen.' })
  minimum(@Root() { minimumMicros, currency }: AlertSettings): Money {
    return money(minimumMicros, currency);
  }

  @FieldResolver(() => [AlertVariantType], { description: 'The looks, by the least amount they are for; at least one.' })
  variants(@Root() { variants, currency }: AlertSettings): AlertVariantType[] {
    return variants.map(({ name, fromMicros, headline, durationMs }) => ({ name, from: money(fromMicros, currency), headline, durationMs }));
  }
}

@Resolver(() => CreatorDashboard)
export class DashboardAlertSettings {
  @FieldResolver(() => AlertSettingsType, { description: 'What the creator wants of alerts.' })
  alertSettings(@Root() creator: Creator, @Ctx() context: RequestContext): Promise<AlertSettings> {
    return loadAlertSettings(context, creator.id);
  }
}
