import type { Page } from 'playwright-core';

/** How many of the pixels that are in the picture are not transparent. */
export async function pixelsSeen(page: Page): Promise<number> {
  const picture = await page.screenshot({ omitBackground: true, animations: 'allow' });
  const probe = await page.context().newPage();
  try {
    return await probe.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d')!;
      canvas.drawImage(image, 0, 0);
      const { data } = canvas.getImageData(0, 0, image.width, image.height);
      return data.filter((value, index) => index % 4 === 3 && value > 32).length;
    }, picture.toString('base64'));
  } finally {
    await probe.close();
  }
}

/** Listens beside the loudspeaker: must be called before the page is opened. */
export async function tapSound(page: Page): Promise<() => Promise<number>> {
  await page.addInitScript(() => {
    const taps = new Set<AnalyserNode>();
    const connect = AudioNode.prototype.connect as (this: AudioNode, target: AudioNode) => AudioNode;
    const tapOf = new WeakMap<BaseAudioContext, AnalyserNode>();
    AudioNode.prototype.connect = function tapped(this: AudioNode, target: AudioNode) {
      if (target instanceof AudioDestinationNode) {
        const tap = tapOf.get(this.context) ?? this.context.createAnalyser();
        tapOf.set(this.context, tap);
        taps.add(tap);
        connect.call(this, tap);
      }
      return connect.call(this, target);
    } as typeof AudioNode.prototype.connect;
    Object.assign(window, {
      loudness: () => Math.max(0, ...[...taps].flatMap((tap) => {
        const samples = new Float32Array(tap.fftSize);
        tap.getFloatTimeDomainData(samples);
        return [...samples].map(Math.abs);
      })),
    });
  });
  return () => page.evaluate(() => (window as unknown as { loudness(): number }).loudness());
}

/** What OBS tells a browser source when it is hidden or shown. */
export function tellObs(page: Page, event: 'obsSourceVisibleChanged' | 'obsSourceActiveChanged', isSo: boolean): Promise<void> {
  return page.evaluate(([name, value]) => {
    const detail = { [name === 'obsSourceVisibleChanged' ? 'visible' : 'active']: value };
    window.dispatchEvent(new CustomEvent(name as string, { detail }));
  }, [event, isSo] as const);
}
