import { createClient } from 'graphql-ws';
import { comesBack, resume } from '../../web/shared/resume.ts';

const [server = 'http://127.0.0.1:4000', handle = 'nova'] = process.argv.slice(2);

// Where the creator's tips stand now. A page reads its list in the same operation, and watches from there.
const response = await fetch(`${server}/graphql`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query: 'query ($handle: String!) { creator(handle: $handle) { id liveCursor } }', variables: { handle } }),
});
const { data } = await response.json();
if (!data.creator) throw new Error(`There is no creator with the handle "${handle}".`);

const client = createClient({ url: `${server.replace(/^http/, 'ws')}/graphql`, ...comesBack() });
const query = `subscription ($creatorId: ID!, $after: String) {
  tipReceived(creatorId: $creatorId, after: $after) { cursor sequence tip { amount { formatted } displayName message } }
}`;
resume<any>(client, { query, variables: { creatorId: data.creator.id, after: data.creator.liveCursor } }, {
  next: ({ data: event }) => {
    const { sequence, tip } = event.tipReceived;
    console.log(`#${sequence} ${tip.amount.formatted} from ${tip.displayName}: ${tip.message ?? ''}`);
  },
  error: (error) => console.error('Refused for good:', error),
  complete: () => {},
});
console.log(`Watching ${handle}.`);
