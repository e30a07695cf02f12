import { BlockList, isIP, isIPv6 } from 'node:net';
import type { IncomingMessage } from 'node:http';

/**
 * Finds the address a request came from. Behind proxies that are named as ours it is what they wrote into X-Forwarded-For: the last
 * address that is not itself such a proxy, since everything before that could be made up by the client.
 */
export class ClientAddresses {
  readonly #ours = new BlockList();

  /** @param proxies addresses, or networks such as 10.0.0.0/8 */
  constructor(proxies: readonly string[]) {
    for (const proxy of proxies) {
      const [address = '', prefix] = proxy.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.#ours.addAddress(address, family);
      else this.#ours.addSubnet(address, Number(prefix), family);
    }
  }

  of({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): string {
    let address = plain(socket.remoteAddress ?? 'unknown');
    const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',').map((text) => plain(text.trim()));
    for (let hop = forwarded.pop(); this.#isOurs(address) && hop !== undefined && isIP(hop) !== 0; hop = forwarded.pop()) address = hop;
    return address;
  }

  #isOurs(address: string): boolean {
    return isIP(address) !== 0 && this.#ours.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }
}

/** IPv4 without the dress that dual-stack sockets put on it. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
