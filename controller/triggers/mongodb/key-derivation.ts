/** MongoDB's own default is 15,000 (scramSHA256IterationCount); this takes a tenth of a second. */
const MOST_ITERATIONS = 200_000;
/** MongoDB's own has 28. The driver keeps 200 of them. */
const LONGEST_SALT_BYTES = 1_024;

let isBounded = false;

/**
 * The member says at its login how often the password is hashed, and the driver takes any number (mongodb 7.9.0,
 * lib/cmap/auth/scram.js). Two thousand million iterations take one of the four threads, which also look up names and
 * read files, for twenty minutes: four such logins stop them all. The driver has no setting for it, so the function of the
 * platform that it calls is bounded; nothing else here derives keys.
 */
export function boundKeyDerivation(): void {
  if (isBounded) return;
  isBounded = true;
  const { subtle } = globalThis.crypto;
  const deriveBits = subtle.deriveBits.bind(subtle);
  type Arguments = Parameters<typeof deriveBits>;
  const bounded = async (algorithm: Arguments[0], key: Arguments[1], length: Arguments[2]) => {
    if (typeof algorithm === 'object') refuseCostly(algorithm);
    return await deriveBits(algorithm, key, length);
  };
  Object.defineProperty(subtle, 'deriveBits', { value: bounded });
}

function refuseCostly(algorithm: object): void {
  if ('iterations' in algorithm && Number(algorithm.iterations) > MOST_ITERATIONS) {
    throw new Error(
      `at the login it asks for ${Number(algorithm.iterations)} iterations of SCRAM, and no more than ${MOST_ITERATIONS} are computed: it is no MongoDB, or its scramSHA256IterationCount is too high`,
    );
  }
  if (
    'salt' in algorithm &&
    ArrayBuffer.isView(algorithm.salt) &&
    algorithm.salt.byteLength > LONGEST_SALT_BYTES
  ) {
    throw new Error(`at the login it sends a salt of ${algorithm.salt.byteLength} bytes: it is no MongoDB`);
  }
}
