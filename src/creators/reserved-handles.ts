/** Handles that would pass for the platform itself, or for a path of its own. Underscores and case do not make another one. */
const reserved: ReadonlySet<string> = new Set([
  'about', 'abuse', 'account', 'accounts', 'admin', 'administrator', 'alerts', 'all', 'anonymous', 'api', 'apps', 'assets', 'auth',
  'billing', 'blog', 'bot', 'cdn', 'checkout', 'contact', 'control', 'creator', 'creators', 'dashboard', 'dev', 'developer', 'docs',
  'download', 'embed', 'everyone', 'explore', 'explorer', 'farthing', 'favicon', 'feed', 'graphql', 'healthz', 'help', 'home', 'hooks', 'info',
  'internal', 'invoice', 'invoices', 'legal', 'livez', 'login', 'logout', 'mail', 'me', 'metrics', 'mod', 'moderator', 'mods', 'new',
  'news', 'noreply', 'null', 'oauth', 'obs', 'official', 'overlay', 'owner', 'payment', 'payments', 'payout', 'payouts', 'ping',
  'platform', 'postmaster', 'pricing', 'privacy', 'profile', 'readyz', 'receipt', 'receipts', 'register', 'resetpassword', 'root', 'rss',
  'search', 'security', 'session', 'settings', 'setup', 'shop', 'signin', 'signout', 'signup', 'sitemap', 'sitemapxml', 'smtp', 'staff', 'static',
  'status', 'store', 'stripe', 'subscribe', 'support', 'system', 'team', 'terms', 'test', 'tip', 'tips', 'topup', 'undefined', 'user',
  'users', 'verify', 'wallet', 'wallets', 'web', 'webhook', 'webhooks', 'wellknown', 'webmaster', 'www',
]);

/** Whether a handle is kept for the platform. */
export function isReservedHandle(handle: string): boolean {
  return reserved.has(handle.toLowerCase().replaceAll('_', ''));
}
