import type { Api } from '../shared/api.ts';
import type { Source } from '../shared/presence.ts';
import type { AlertSettings } from './settings-change.ts';

export interface Overlay {
  readonly id: string;
  readonly name: string;
  readonly sources: readonly Source[];
  readonly lastSeenAt: string | null;
}

export interface Moderator {
  readonly id: string;
  readonly displayName: string;
}

export interface Creator {
  readonly id: string;
  readonly handle: string;
  readonly displayName: string;
  readonly currency: string;
  readonly tipSettings: { readonly holdForApproval: boolean };
  readonly dashboard: { readonly overlays: readonly Overlay[]; readonly moderators: readonly Moderator[]; readonly alertSettings: AlertSettings };
}

export interface Account {
  readonly displayName: string;
  readonly creator: Creator | null;
}

const overlayFields = 'id name lastSeenAt sources { widget isVisible }';
const settingsFields = `
  minimum { amount } blockedWords hideAmountsFromModerators speech
  variants { name from { amount formatted(locale: $locale) } headline durationMs }`;

const accountQuery = `query ($locale: String!) {
  viewer {
    displayName
    creator {
      id handle displayName currency
      tipSettings { holdForApproval }
      dashboard { overlays { ${overlayFields} } moderators { id displayName } alertSettings { ${settingsFields} } }
    }
  }
}`;
const overlaysQuery = `{ viewer { creator { dashboard { overlays { ${overlayFields} } } } } }`;
const settingsMutation = `mutation ($input: UpdateAlertSettingsInput!, $locale: String!) {
  updateAlertSettings(input: $input) { settings { ${settingsFields} } errors { code message path } }
}`;
const approvalMutation = 'mutation ($input: UpdateCreatorInput!) { updateCreator(input: $input) { errors { code message path } } }';

const overlayPayload = '{ overlay { id name } url errors { code message } }';

export interface MadeOverlay {
  readonly overlay: { readonly id: string; readonly name: string };
  readonly url: string;
}

/** What the setup page asks of the API. */
export class Setup {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Null when nobody is signed in. */
  async account(): Promise<Account | null> {
    return (await this.#api.ask<{ viewer: Account | null }>(accountQuery, { locale: navigator.language })).viewer;
  }

  /** The overlays alone, of whoever runs a page. */
  async overlays(): Promise<readonly Overlay[]> {
    const { viewer } = await this.#api.ask<{ viewer: { creator: Pick<Creator, 'dashboard'> | null } | null }>(overlaysQuery);
    return viewer?.creator?.dashboard.overlays ?? [];
  }

  /** Answers the settings as they are then. */
  async changeAlertSettings(input: Readonly<Record<string, unknown>>): Promise<AlertSettings> {
    return (await this.#api.change<{ settings: AlertSettings }>(settingsMutation, { input, locale: navigator.language })).settings;
  }

  async holdForApproval(holdTipsForApproval: boolean): Promise<void> {
    await this.#api.change(approvalMutation, { input: { holdTipsForApproval } });
  }

  async makePage(input: { handle: string; displayName: string; currency: string }): Promise<void> {
    await this.#api.change('mutation ($input: CreateCreatorInput!) { createCreator(input: $input) { errors { code message } } }', { input });
  }

  makeOverlay(name: string): Promise<MadeOverlay> {
    return this.#api.change<MadeOverlay>(`mutation ($input: CreateOverlayInput!) { createOverlay(input: $input) ${overlayPayload} }`, { input: { name } });
  }

  rotate(overlayId: string): Promise<MadeOverlay> {
    return this.#api.change<MadeOverlay>(`mutation ($input: OverlayInput!) { rotateOverlayToken(input: $input) ${overlayPayload} }`, { input: { overlayId } });
  }

  async delete(overlayId: string): Promise<void> {
    await this.#api.change('mutation ($input: OverlayInput!) { deleteOverlay(input: $input) { errors { code message } } }', { input: { overlayId } });
  }

  /** Answers whether the queue is paused, so that nothing will be seen yet. */
  async sendTest(): Promise<boolean> {
    const query = 'mutation { sendTestAlert(input: { message: "This is how a message looks." }) { queue { state } errors { code message } } }';
    const { queue } = await this.#api.change<{ queue: { state: 'PLAYING' | 'PAUSED' } }>(query);
    return queue.state === 'PAUSED';
  }

  async play(): Promise<void> {
    await this.#api.change('mutation { setAlertQueueState(input: { state: PLAYING }) { errors { code message } } }');
  }

  async addModerator(email: string): Promise<void> {
    await this.#api.change('mutation ($input: AddModeratorInput!) { addModerator(input: $input) { errors { code message } } }', { input: { email } });
  }

  async removeModerator(profileId: string): Promise<void> {
    await this.#api.change('mutation ($input: RemoveModeratorInput!) { removeModerator(input: $input) { errors { code message } } }', { input: { profileId } });
  }
}
