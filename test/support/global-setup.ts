import { ensureTemplate } from './cluster.ts';

export default async function globalSetup(): Promise<void> {
  await ensureTemplate();
}
