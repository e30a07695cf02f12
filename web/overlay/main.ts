import './overlay.css';
import { AlertBox } from './alert-box.ts';
import { AlertPlayer } from './alert-player.ts';
import { browserVoice } from './browser-voice.ts';
import { EventList, GoalBar, TopTippers, type Board } from './boards.ts';
import { keepLinked, type LinkState } from './link.ts';
import { overlayEvents, type OverlayEvents, type OverlayPayload } from './operations.ts';
import { readOptions, widgets, type OverlayOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { Reloader } from './reloader.ts';
import { Sound } from './sound.ts';
import { Speaker } from './speech.ts';
import { watchVisibility, type View } from './visibility.ts';

/** What is told besides events: a goal's title or an archived goal, for one. */
const refreshMs = 60_000;
const lookForBuildMs = 5_000;

const page = document.documentElement;
const root = document.getElementById('overlay')!;

/** A small line for whoever sets the overlay up. Nothing else is shown with it. */
function say(text: string): void {
  document.getElementById('notice')!.textContent = text;
}

/** One widget: what it does with events, and whether it may be disturbed now. */
interface Widget extends Board {
  isIdle(): boolean;
  stop(): void;
}

function openBoard(options: OverlayOptions): Widget {
  const board = { goal: () => new GoalBar(root, options, say), 'top-tippers': () => new TopTippers(root, options), 'event-list': () => new EventList(root, options.rows) };
  const made: Board = board[options.widget as keyof typeof board]();
  return { receive: (payload) => made.receive(payload), isIdle: () => true, stop: () => root.replaceChildren() };
}

function openAlerts(options: OverlayOptions, outbox: Outbox, onIdle: () => void): Widget {
  const volume = options.volumePercent / 100;
  const sound = new Sound(volume, (state) => (page.dataset.sound = state));
  const speaker = new Speaker(browserVoice(options.locale, volume));
  const player = new AlertPlayer({
    stage: new AlertBox(root, sound, speaker),
    report: (report) => outbox.report(report),
    isKnownHidden: () => outbox.isKnownHidden,
    onIdle,
  });
  const see = (isVisible: boolean) => {
    page.dataset.visible = String(isVisible);
    // First that nobody sees the page, then what it gives back: else the same alert would start here again.
    outbox.setVisible(isVisible);
    player.setVisible(isVisible);
  };
  see(watchVisibility(window as View, see));
  void sound.open();
  return {
    receive(payload: OverlayPayload) {
      if (payload.__typename === 'Alert') player.receive(payload);
      else if (payload.__typename === 'AlertCommand') player.command(payload);
      else if (payload.__typename === 'OverlayState') speaker.isOn = payload.settings.speech;
    },
    isIdle: () => player.isIdle && outbox.isEmpty,
    stop: () => player.stop(),
  };
}

function open(options: OverlayOptions): void {
  const { token, widget: name, theme, locale } = options;
  Object.assign(page.dataset, { widget: name, theme });
  const isAlerts = name === 'alerts';
  const outbox = new Outbox();
  const reloader = new Reloader({
    ownBuildId: document.querySelector<HTMLMetaElement>('meta[name="build-id"]')?.content ?? '',
    isFree: () => widget.isIdle(),
    reload: () => location.reload(),
    storage: sessionStorage,
    now: Date.now,
  });
  const widget = isAlerts ? openAlerts(options, outbox, () => reloader.look()) : openBoard(options);
  keepLinked<OverlayEvents['overlayEvents']>({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`,
    token,
    query: overlayEvents,
    variables: { widget: widgets[name], locale },
    keepsPlace: isAlerts || name === 'event-list',
    refreshMs: name === 'goal' || name === 'top-tippers' ? refreshMs : undefined,
    greet: (ask) => outbox.open(ask),
    parted: () => outbox.close(),
    onBuild: (buildId) => reloader.heard(buildId),
    onEvent({ payload }) {
      if (payload.__typename === 'OverlayState') reloader.heard(payload.buildId);
      widget.receive(payload);
    },
    onState(state: LinkState) {
      page.dataset.link = state;
      if (state !== 'refused') return;
      widget.stop();
      say('This overlay\'s address is not valid any more. Copy the new one from the setup page.');
    },
  });
  setInterval(() => reloader.look(), lookForBuildMs);
}

const options = readOptions(location.hash, navigator.language);
if (typeof options === 'string') say(options);
else open(options);
window.addEventListener('hashchange', () => location.reload());
