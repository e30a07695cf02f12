/** One of the operations that the explorer opens with, as its tab holds it. */
export type Sample = { query: string; variables: string | null };

/** Whom the samples tip and watch: a creator's id and the currency she is tipped in. */
export type SampleCreator = { id: string; currency: string };

// Lines stay under 56 columns: that is what a laptop's half window shows.
const creatorsQuery = `# Creators with their tiers, goals and latest tips.
# Run it: Ctrl-Enter, or Cmd-Enter on a Mac.
query Creators {
  creators(first: 5) {
    totalCount
    nodes {
      id
      handle
      displayName
      tiers(first: 3) {
        nodes { name interval price { formatted } }
      }
      goals {
        title
        raised { formatted }
        target { formatted }
      }
      tips(first: 5) {
        nodes {
          displayName
          amount { formatted }
          message
          createdAt
        }
      }
    }
  }
}
`;

const tipMutation = `# A tip from the wallet of whoever the token is of.
# Amounts may be as small as "0.000001".
#
# Run it twice with one idempotencyKey and it is still
# one tip. The key button at the right makes a new one.
mutation SendTip($input: SendTipInput!) {
  sendTip(input: $input) {
    tip {
      id
      status
      amount { formatted }
      displayName
      message
      createdAt
    }
    errors {
      code
      message
      path
      ... on InsufficientFunds {
        balance { formatted }
        shortfall { formatted }
      }
    }
  }
}
`;

const tipSubscription = `# A creator's tips as they arrive; no token needed.
# Leave it running and send tips from another window.
#
# If the connection is lost, the explorer comes back
# with $after set to the last cursor it saw: no tip is
# missed, and none is shown twice.
subscription TipReceived(
  $creatorId: ID!
  $after: String
) {
  tipReceived(creatorId: $creatorId, after: $after) {
    cursor
    sequence
    tip {
      id
      amount { formatted }
      displayName
      message
      createdAt
    }
  }
}
`;

/**
 * The three samples, their variables filled in for `creator`. Without one the id stays empty.
 * @param idempotencyKey a key no tip was sent with yet
 */
export function samplesFor(creator: SampleCreator | null, idempotencyKey: string): Sample[] {
  const creatorId = creator?.id ?? '';
  const amount = { amount: '0.05', currency: creator?.currency ?? 'USD' };
  // The editor takes a required input with a default for one that must be given, so funding is spelled out.
  const input = { creatorId, amount, message: 'Hello from the explorer!', funding: 'WALLET', idempotencyKey };
  return [
    { query: creatorsQuery, variables: null },
    { query: tipMutation, variables: JSON.stringify({ input }, null, 2) },
    { query: tipSubscription, variables: JSON.stringify({ creatorId }, null, 2) },
  ];
}

/** `variables`, as text, with another idempotency key wherever one stands; everything else as the reader left it. */
export function withNewIdempotencyKey(variables: string, idempotencyKey: string): string {
  return variables.replace(/("idempotencyKey"\s*:\s*)"[^"]*"/g, (_, name: string) => name + JSON.stringify(idempotencyKey));
}
