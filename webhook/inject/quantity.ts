const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

// The serialization format of resource.Quantity in k8s.io/apimachinery, without signs, as nothing here is negative.
export const QUANTITY = /^(\d+(?:\.\d*)?|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,2}))?$/;

/** No amount needs more. The API server takes longer ones, in a time that is the square of their length. */
export const LONGEST_QUANTITY = 32;

/** A Kubernetes quantity such as `50m` or `64Mi` as a number of cores or bytes; undefined when it is not one. */
export function readQuantity(text: string): number | undefined {
  if (text.length > LONGEST_QUANTITY) return undefined;
  const [, digits, suffix = '', exponent = '0'] = QUANTITY.exec(text) ?? [];
  const factor = FACTORS[suffix];
  if (digits === undefined || factor === undefined) return undefined;
  return Number(digits) * factor * 10 ** Number(exponent);
}

/** The least that the sidecar needs. */
export const LOWEST = {
  cpuRequest: '0',
  cpuLimit: '10m',
  memoryRequest: '1Mi',
  memoryLimit: '32Mi',
} as const;

/** Whether `high` is above `low`; false where one of them is absent or not a quantity. */
export function exceeds(high: string | undefined, low: string | undefined): boolean {
  const [above, below] = [high, low].map((text) => readQuantity(text ?? ''));
  return above !== undefined && below !== undefined && above > below;
}
