import { createHash } from 'node:crypto';
import { longestPassword, shortestPassword } from './auth.ts';

const style = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 24rem; margin: 4rem auto; padding: 0 1rem; color: #1c1c1c; background: #fff; }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit; }
input, button { margin: .25rem 0 1rem; padding: .6rem; }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #1c1c1c; } }`;

// The token is taken out of the address bar at once, so that it stays in no history.
const script = `
const token = new URLSearchParams(location.hash.slice(1)).get('token');
history.replaceState(null, '', location.pathname);
const form = document.querySelector('form');
const status = document.querySelector('[role=status]');
if (!token) { form.hidden = true; status.textContent = 'Open the link from the mail: this one carries no token.'; }
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  form.querySelector('button').disabled = true;
  let said = 'The server cannot be reached. Try again.';
  try {
    const response = await fetch(location.pathname, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, newPassword: form.elements.password.value }),
    });
    if (response.ok) { form.hidden = true; said = 'Your new password is set. Sign in with it; all other sessions have ended.'; }
    else {
      const { code, message } = await response.json();
      said = code === 'INVALID_TOKEN' ? 'This link is used up or too old. Ask for a new mail.' : message;
    }
  } catch {}
  form.querySelector('button').disabled = false;
  status.textContent = said;
});`;

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Set a new password</title>
<style>${style}</style>
</head>
<body>
<h1>Set a new password</h1>
<form>
<label for="password">New password, ${shortestPassword} to ${longestPassword} characters</label>
<input id="password" name="password" type="password" autocomplete="new-password" required minlength="${shortestPassword}" maxlength="${longestPassword}">
<button>Set it</button>
</form>
<p role="status"></p>
<script>${script}</script>
</body>
</html>
`;

const policy = [
  `default-src 'none'`, `script-src ${sourceHash(script)}`, `style-src ${sourceHash(style)}`, `connect-src 'self'`,
  `form-action 'none'`, `base-uri 'none'`, `frame-ancestors 'none'`,
].join('; ');

function sourceHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** The page that a reset mail leads to, whole in itself: it reads the token from the fragment and posts it with the new password. */
export function resetPage(): Response {
  return new Response(page, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  });
}
