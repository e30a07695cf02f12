/** What appears is at least this far apart: no more than three flashes a second (WCAG 2.2, 2.3.1). In milliseconds. */
export const flashGapMs = 350;

/** Answers what asks for `draw`: it runs at once, or as soon as the last time is `flashGapMs` ago, and once for all that asked meanwhile. */
export function paced(draw: () => void): () => void {
  let last = -Infinity;
  let isPlanned = false;
  const run = () => {
    isPlanned = false;
    last = performance.now();
    draw();
  };
  return () => {
    if (isPlanned) return;
    const wait = last + flashGapMs - performance.now();
    if (wait <= 0) return run();
    isPlanned = true;
    setTimeout(run, wait);
  };
}
