import 'graphiql/setup-workers/vite';
import '@graphiql/react/style.css';
import '@graphiql/plugin-history/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import 'graphiql/graphiql.css';
import './explorer.css';
import { createRoot } from 'react-dom/client';
import { Explorer } from './explorer.tsx';
import { createTokenStore, takeTokenFromFragment } from '../shared/token.ts';

const tokens = createTokenStore(sessionStorage);

/** A link may bring a token along; the address bar, and with it the history, does not keep it. */
function adoptTokenFromAddress(): void {
  const { token, rest } = takeTokenFromFragment(location.hash);
  if (token === null) return;
  history.replaceState(history.state, '', location.pathname + location.search + rest);
  tokens.set(token);
}

adoptTokenFromAddress();
window.addEventListener('hashchange', adoptTokenFromAddress);

const place = document.getElementById('explorer');
if (!place) throw new Error('The page has no element with the id "explorer".');
createRoot(place).render(<Explorer tokens={tokens} />);
