const MODULE = new URL('loopback-dns.mjs', import.meta.url).href;

/**
 * Environment for a program under test: what it asks of DNS stays on this machine, and is refused at once.
 * The names in the tests belong to others.
 */
export const LOOPBACK_DNS = {
  NODE_OPTIONS: `--import=${MODULE}`,
};

/** The same, except that a name server on this loopback port answers everything. */
export function answeredBy(port: number): typeof LOOPBACK_DNS & { readonly LOOPBACK_NAME_SERVER: string } {
  return { ...LOOPBACK_DNS, LOOPBACK_NAME_SERVER: `127.0.0.1:${port}` };
}

/** The same for this process, from now on. */
export async function stayOnLoopback(): Promise<void> {
  await import(MODULE);
}
