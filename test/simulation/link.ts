import { DeadlineError, withDeadline } from '../../runtime/clock.ts';
import type { SeededRandom } from '../support/random.ts';
import type { ProcessClock, VirtualClock } from '../support/virtual-clock.ts';
import { CALM, drawFate, type Fate, type Faults } from './faults.ts';

export interface LinkPorts {
  readonly clock: VirtualClock;
  readonly process: ProcessClock;
  readonly random: SeededRandom;
  /** Errors as the program would get them from the real client. */
  readonly errors: {
    /** Nothing listens there, or the connection broke. */
    unreachable(what: string): Error;
    serverError(what: string): Error;
    /** Refused before anything was done. */
    tooMany(what: string): Error;
    conflict(what: string): Error;
    noAnswer(what: string, cause: Error): Error;
  };
}

export interface Exchange<T> {
  readonly what: string;
  readonly timeoutMs: number;
  readonly abort: AbortSignal | undefined;
  /** A compare-and-set, which may be refused with a conflict. */
  readonly mayConflict: boolean;
  /** Runs on the server, when the request arrives. */
  readonly operate: () => T;
  readonly onTrouble: (fate: Fate | 'cut off') => void;
}

interface Settle<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** The way between one process and one server: how long calls take, and what becomes of them. */
export class Link {
  readonly #ports: LinkPorts;
  faults: Faults = CALM;

  constructor(ports: LinkPorts) {
    this.#ports = ports;
  }

  async call<T>(exchange: Exchange<T>): Promise<T> {
    const { process, errors } = this.#ports;
    const { what, timeoutMs, abort } = exchange;
    try {
      return await withDeadline(
        process,
        timeoutMs,
        abort,
        what,
        () => new Promise<T>((resolve, reject) => this.#send(exchange, { resolve, reject })),
      );
    } catch (error) {
      throw error instanceof DeadlineError ? errors.noAnswer(what, error) : error;
    }
  }

  #send<T>({ what, mayConflict, operate, onTrouble }: Exchange<T>, { resolve, reject }: Settle<T>): void {
    const { clock, process, random, errors } = this.#ports;
    const fate = drawFate(this.faults.rates, random);
    const delay = (late: Fate) => random.integer(...(fate === late ? this.faults.late : this.faults.latency));
    const answer = (settle: () => void) => {
      process.after(delay('answer late'), () => {
        if (this.faults.cut) onTrouble('cut off');
        else settle();
      });
    };
    const arrive = () => {
      if (this.faults.cut) onTrouble('cut off');
      else if (fate === 'server error') answer(() => reject(errors.serverError(what)));
      else if (fate === 'too many') answer(() => reject(errors.tooMany(what)));
      else if (fate === 'conflict' && mayConflict) answer(() => reject(errors.conflict(what)));
      else {
        const first = attempt(operate);
        const outcome = fate === 'sent twice' ? attempt(operate) : first;
        if (fate === 'error after success') answer(() => reject(errors.serverError(what)));
        else if (fate !== 'answer lost') {
          answer(() => ('value' in outcome ? resolve(outcome.value) : reject(outcome.error)));
        }
      }
    };
    const leave = () => {
      if (fate !== 'delivered') onTrouble(fate);
      if (fate === 'refused') answer(() => reject(errors.unreachable(what)));
      // Once it has left, the request is on its way whatever becomes of the process.
      else if (fate !== 'request lost') clock.after(delay('request late'), arrive);
    };
    // Stopped between its last check and the call: the request leaves when the process goes on.
    if (process.state === 'frozen') process.after(0, leave);
    else leave();
  }
}

function attempt<T>(operate: () => T): { value: T } | { error: unknown } {
  try {
    return { value: operate() };
  } catch (error) {
    return { error }; // The caller gets it as the answer.
  }
}
