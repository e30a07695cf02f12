import type { RoomFace } from '../database/room.ts';

export { demoHandle } from './cast.ts';
export { DemoClock } from './demo-clock.ts';
export { DemoError } from './demo-error.ts';
export { introduceDemo, type DemoIntroduction, type DemoSignIn } from './introduce.ts';
export { demoState, type DemoState } from './mark.ts';
export { seedDemo, type Seeded } from './seed.ts';
export { streamDemoTips, type StreamOptions } from './stream.ts';

export const demoRoom: RoomFace = { name: 'demo' };
