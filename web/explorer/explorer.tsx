import { ToolbarButton, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { v4 as uuid } from 'uuid';
import { AccountBar } from './account-bar.tsx';
import type { LiveState } from './live-client.ts';
import { samplesFor, withNewIdempotencyKey, type Sample } from './samples.ts';
import { connectToServer, type Account } from './server.ts';
import { renewStoredSamples } from './tabs.ts';
import type { TokenStore } from '../shared/token.ts';

/** A server that does not answer must not keep the editors away: after this the samples open without a creator's id. */
const longestSampleWaitMs = 2_000;

/** The whole page: the account bar above GraphiQL. */
export function Explorer({ tokens }: { tokens: TokenStore }) {
  const token = useSyncExternalStore(tokens.subscribe, tokens.get);
  const [liveState, setLiveState] = useState<LiveState>('idle');
  const [server] = useState(() => connectToServer(tokens, setLiveState));
  const [account, setAccount] = useState<Account>({ kind: 'asking' });
  const [samples, setSamples] = useState<Sample[]>();

  useEffect(() => {
    let outdated = false;
    setAccount({ kind: 'asking' });
    void server.askAccount().then((answer) => outdated || setAccount(answer));
    return () => {
      outdated = true;
    };
  }, [server, token]);

  useEffect(() => {
    const tooLong = new Promise<null>((resolve) => setTimeout(resolve, longestSampleWaitMs, null));
    void Promise.race([server.askSampleCreator(), tooLong]).then((creator) => {
      const fresh = samplesFor(creator, uuid());
      renewStoredSamples(localStorage, fresh);
      setSamples(fresh);
    });
  }, [server]);

  const setToken = useCallback((next: string) => tokens.set(next), [tokens]);
  return (
    <>
      <AccountBar token={token} onToken={setToken} account={account} liveState={liveState} />
      <main>
        {samples && (
          <GraphiQL
            fetcher={server.fetcher}
            defaultTabs={samples}
            defaultEditorToolsVisibility="variables"
            inputValueDeprecation
            schemaDescription
          >
            <GraphiQL.Logo>{''}</GraphiQL.Logo>
            <GraphiQL.Toolbar>
              {({ prettify, merge, copy }) => (
                <>
                  {prettify}
                  {merge}
                  {copy}
                  <NewKeyButton />
                  <FollowSystemTheme />
                </>
              )}
            </GraphiQL.Toolbar>
          </GraphiQL>
        )}
      </main>
    </>
  );
}

function NewKeyButton() {
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const renew = () => variableEditor?.setValue(withNewIdempotencyKey(variableEditor.getValue(), uuid()));
  return (
    <ToolbarButton label="New idempotency key" onClick={renew}>
      <svg viewBox="0 0 24 24" className="graphiql-toolbar-icon" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.8">
        <circle cx="8" cy="15" r="4.5" />
        <path d="M11.3 11.7 20 3m-4 4 3 3m-6 0 2 2" strokeLinecap="round" />
      </svg>
    </ToolbarButton>
  );
}

/** GraphiQL's own colours follow the system by CSS; the code editors read it once, so they are told of a change. */
function FollowSystemTheme() {
  const theme = useGraphiQL((state) => state.theme);
  const { setTheme } = useGraphiQLActions();
  useEffect(() => {
    if (theme !== null) return;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => setTheme(null);
    dark.addEventListener('change', follow);
    return () => dark.removeEventListener('change', follow);
  }, [theme, setTheme]);
  return null;
}
