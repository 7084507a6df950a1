import { NamespaceBudget } from '../kubernetes/namespace-budget.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from './log.ts';

/** Warnings about objects of which a tenant may have thousands: so many of each namespace, and how many were left out. */
export class TenantLog {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #budget: NamespaceBudget;
  #leftOut = 0;

  constructor(log: Pick<Logger, 'warn'>, clock: Clock) {
    this.#log = log;
    this.#budget = new NamespaceBudget(clock);
  }

  /** `object`: its namespace, or its namespace and name. */
  warn(object: string, fields: object, message: string): void {
    const [namespace = ''] = object.split('/');
    if (!this.#budget.take(namespace)) {
      this.#leftOut += 1;
      return;
    }
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    this.#log.warn(leftOut === 0 ? fields : { ...fields, leftOut }, message);
  }
}
