import { playChime } from './chime.ts';
import type { AlertKind } from './operations.ts';

export type SoundState = 'off' | 'running' | 'blocked';

/** A context that takes longer than this to run, or whose clock stood still this long, is replaced. */
const resumeWithinMs = 500;
/** Far below what can be heard: a page that is silent for long loses its place at the sound card, in OBS for good. */
const inaudible = 1e-6;

/** Sound in a context of its own that is watched: one that was suspended is resumed, one that stands still is replaced. */
export class Sound {
  readonly #volume: number;
  readonly #onState: (state: SoundState) => void;
  #context: AudioContext | undefined;
  #lastSeen = { clock: 0, at: 0 };
  #stopChime = () => {};

  /** `volume` is 0 to 1; at 0 there is no context at all. */
  constructor(volume: number, onState: (state: SoundState) => void) {
    this.#volume = volume;
    this.#onState = onState;
    onState('off');
  }

  /** Opens the context ahead of the first alert. A browser that wants a click first says `blocked`; the next alert tries again. */
  async open(): Promise<void> {
    if (this.#volume > 0) await this.#running();
  }

  async play(kind: AlertKind): Promise<void> {
    this.stop();
    if (this.#volume === 0) return;
    let isWanted = true;
    this.#stopChime = () => (isWanted = false);
    const context = await this.#running();
    if (context && isWanted) this.#stopChime = playChime(context, context.destination, kind, this.#volume);
  }

  stop(): void {
    this.#stopChime();
    this.#stopChime = () => {};
  }

  async #running(): Promise<AudioContext | undefined> {
    if (this.#context && this.#standsStill(this.#context)) this.#drop();
    this.#context ??= openContext();
    const context = this.#context;
    if (context.state !== 'running') await Promise.race([context.resume().catch(() => {}), new Promise((resolve) => setTimeout(resolve, resumeWithinMs))]);
    const isRunning = (context.state as string) === 'running';
    this.#lastSeen = { clock: context.currentTime, at: performance.now() };
    this.#onState(isRunning ? 'running' : 'blocked');
    if (isRunning) return context;
    if (this.#context === context) this.#drop();
    return undefined;
  }

  /** Says "running" while its clock does not move: seen where the sound device changed or went to sleep. */
  #standsStill(context: AudioContext): boolean {
    const { clock, at } = this.#lastSeen;
    return context.state === 'closed' || (at > 0 && performance.now() - at > resumeWithinMs && context.currentTime === clock);
  }

  #drop(): void {
    const context = this.#context;
    this.#context = undefined;
    this.#lastSeen = { clock: 0, at: 0 };
    if (context && context.state !== 'closed') context.close().catch(() => {});
  }
}

function openContext(): AudioContext {
  const context = new AudioContext();
  const hum = context.createConstantSource();
  hum.offset.value = inaudible;
  hum.connect(context.destination);
  hum.start();
  return context;
}
