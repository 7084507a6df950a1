/** One place where nodes stand, as configured. Every site has at least one way to name its nodes. */
export interface Site {
  readonly name: string;
  readonly nodeNames: readonly string[];
  /** A Kubernetes label selector. */
  readonly nodeSelector?: string;
  readonly ip?: string;
  readonly ipv6?: string;
  /** Instead of ip and ipv6. */
  readonly cname?: string;
}
