import { useEffect, useState } from 'react';
import type { LiveState } from './live-client.ts';
import type { Account } from './server.ts';

const accountTexts: Record<Account['kind'], string> = {
  asking: 'Checking the token…',
  'signed-out': 'Not signed in',
  'signed-in': 'Signed in as',
  refused: 'Token refused:',
  unreachable: 'No answer from the server:',
};

const liveTexts: Record<LiveState, string> = {
  idle: '',
  connecting: 'Live: connecting…',
  live: 'Live: connected',
  reconnecting: 'Live: connection lost, trying again…',
};

/** A typed token counts when the typing rests. */
const typingRestMs = 400;

export type AccountBarProps = { token: string; onToken(token: string): void; account: Account; liveState: LiveState };

/** The line above the editors: the token, whose it is, and how the socket does. */
export function AccountBar({ token, onToken, account, liveState }: AccountBarProps) {
  const [draft, setDraft] = useState(token);
  const [shown, setShown] = useState(false);

  useEffect(() => setDraft(token), [token]);
  useEffect(() => {
    if (draft === token) return;
    const timer = setTimeout(() => onToken(draft), typingRestMs);
    return () => clearTimeout(timer);
  }, [draft, token, onToken]);

  return (
    <header className="account-bar">
      <h1>Farthing API explorer</h1>
      <form
        aria-label="Sign in with a token"
        onSubmit={(event) => {
          event.preventDefault();
          onToken(draft);
        }}
      >
        <label htmlFor="token">Token</label>
        <input
          id="token"
          type={shown ? 'text' : 'password'}
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          onBlur={() => onToken(draft)}
          placeholder="from sign-in, for Authorization and the socket"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
        />
        <button type="button" aria-pressed={shown} aria-controls="token" onClick={() => setShown(!shown)}>
          {shown ? 'Hide' : 'Show'}
        </button>
      </form>
      <p role="status" className={`account-${account.kind}`}>
        {accountTexts[account.kind]} {account.kind === 'signed-in' && <strong>{account.name}</strong>}
        {'message' in account && account.message}
      </p>
      <p role="status" className={`live live-${liveState}`}>
        {liveTexts[liveState]}
      </p>
    </header>
  );
}
