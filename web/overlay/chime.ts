import type { AlertKind } from './operations.ts';

/** Hertz of the notes, played one after another, of each kind of alert: rising chords in C major. */
const melodies: Record<AlertKind, readonly number[]> = {
  TIP: [659.26, 783.99, 1046.5],
  SUBSCRIPTION_STARTED: [523.25, 659.26, 783.99, 1046.5],
  SUBSCRIPTION_RENEWED: [783.99, 1046.5],
  GOAL_REACHED: [523.25, 659.26, 783.99, 1046.5, 1318.51],
  DIGEST: [659.26, 1046.5],
};
/** Overtones of a small bell: multiples of the note, and how loud. */
const overtones = [[1, 1], [2, 0.35], [3, 0.12], [4.2, 0.05]] as const;
const noteEverySeconds = 0.11;
const ringSeconds = 1.1;
const attackSeconds = 0.008;

/**
 * Plays a short bell-like chord. Every alert gets nodes of its own, which leave the graph when the last note has rung out.
 * `volume` is 0 to 1. Answers what stops it at once.
 */
export function playChime(context: BaseAudioContext, destination: AudioNode, kind: AlertKind, volume: number): () => void {
  const start = context.currentTime + 0.02;
  const master = context.createGain();
  master.gain.value = volume * 0.3;
  master.connect(destination);
  let ringing = 0;
  const oscillators = melodies[kind].flatMap((hertz, index) =>
    overtones.map(([multiple, loudness]) => {
      const at = start + index * noteEverySeconds;
      const oscillator = context.createOscillator();
      const envelope = context.createGain();
      oscillator.frequency.value = hertz * multiple;
      envelope.gain.setValueAtTime(0, at);
      envelope.gain.linearRampToValueAtTime(loudness, at + attackSeconds);
      // Higher overtones die sooner, as a bell's do.
      envelope.gain.exponentialRampToValueAtTime(0.0001, at + ringSeconds / Math.sqrt(multiple));
      oscillator.connect(envelope).connect(master);
      oscillator.start(at);
      oscillator.stop(at + ringSeconds);
      ringing++;
      oscillator.addEventListener('ended', () => {
        oscillator.disconnect();
        envelope.disconnect();
        if (--ringing === 0) master.disconnect();
      });
      return oscillator;
    }),
  );
  return () => {
    master.disconnect();
    for (const oscillator of oscillators) oscillator.stop();
  };
}
