/** Names of which no public one can end with this: of the cluster, of the machine, or kept free for private use. */
const PRIVATE = ['localhost', 'svc', 'internal'];

/**
 * Whether the host that a request names can be one of ours: an address, a name that can only be of this cluster or
 * machine, or one of `known`. A browser that was led here under a name of an attacker's (DNS rebinding) says that name,
 * and would otherwise hand him what it reads. Who names none is no browser.
 */
export function isOwnHost(host: string | undefined, known: readonly string[] = []): boolean {
  if (host === undefined || host.startsWith('[')) return true;
  const name = host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
  return isPrivate(name) || known.includes(name);
}

function isPrivate(name: string): boolean {
  const labels = name.split('.');
  const last = labels.at(-1) ?? '';
  return (
    labels.length === 1 || PRIVATE.includes(last) || name.endsWith('.cluster.local') || isNoPublicEnd(last)
  );
}

/** A public one has letters alone or begins with `xn--` (RFC 3696, 2); an IPv4 address and many a namespace do not. */
function isNoPublicEnd(label: string): boolean {
  return !/^[a-z]+$/.test(label) && !label.startsWith('xn--');
}
