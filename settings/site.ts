/** One place where nodes stand, as configured. Every site has at least one way to name its nodes, or is a cluster. */
export interface Site {
  readonly name: string;
  readonly nodeNames: readonly string[];
  /** The site is a whole Kubernetes cluster: the name that a Cluster there has in its topology. */
  readonly cluster?: string;
  /** A Kubernetes label selector. */
  readonly nodeSelector?: string;
  readonly ip?: string;
  readonly ipv6?: string;
  /** Instead of ip and ipv6. */
  readonly cname?: string;
}
