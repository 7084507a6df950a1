/**
 * What node is told when it runs the controller; the bundle's first line says it too. About 15 MiB of its heap are in
 * use, with 5,000 injected pods as well. Left to itself, node lets garbage pile up to 240 MiB before it looks.
 * New objects are collected by one thread: with several, all wait until the last of them has had a processor, which on
 * a busy node, in the middle of a move, took 35 ms for 1 ms of work. The old ones are not: that would take 15 MiB more.
 */
export const CONTROLLER_NODE_FLAGS: readonly string[] = [
  '--no-parallel-scavenge',
  '--max-semi-space-size=2',
  '--max-old-space-size=128',
];

/**
 * The same for the webhook, and a bound on the heap: on a large machine node lets garbage pile up, and after a burst of
 * large reviews the process had 300 MiB where 140 MiB are enough.
 */
export const WEBHOOK_NODE_FLAGS: readonly string[] = [
  '--no-parallel-scavenge',
  '--max-semi-space-size=4',
  '--max-old-space-size=128',
];

/**
 * And in which environment, which the image has as well: glibc gives each of node's threads an arena of its own, and
 * what one of them has freed no other can use. With every trigger and provider that was 15 of 150 MiB. And after the
 * bundle was read once, glibc keeps up to twice its length of what is freed, unless a threshold is said (mallopt(3)):
 * 7 MiB of the controller.
 */
export const NODE_ENVIRONMENT = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' } as const;
