/**
 * Environment for a controller under test: what it asks of DNS stays on this machine, and is refused at once.
 * The names in the tests belong to others.
 */
export const LOOPBACK_DNS = {
  NODE_OPTIONS: `--import=${new URL('loopback-dns.mjs', import.meta.url).href}`,
};
