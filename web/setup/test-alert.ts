import { actionButton, messageOf } from '../shared/dom.ts';
import type { Setup } from './account.ts';

/** Sends a test alert, and says where it is to be seen: nowhere, while the queue is paused. */
export async function sendTest(setup: Setup, said: HTMLElement, sent: () => readonly (Node | string)[]): Promise<void> {
  await saying(said, async () => {
    const isPaused = await setup.sendTest();
    said.replaceChildren(...(isPaused ? ['The queue is paused, so nothing is shown. ', actionButton('Play', () => play(setup, said))] : sent()));
  });
}

function play(setup: Setup, said: HTMLElement): Promise<void> {
  return saying(said, async () => {
    await setup.play();
    said.textContent = 'The queue is playing.';
  });
}

async function saying(said: HTMLElement, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    said.textContent = messageOf(error);
  }
}
