import type { Terminal } from './terminal.ts';

const CSI = '\u001b[';

/** Redraws a text in place, on the alternate screen, so that the terminal is as before at the end. */
export class Screen {
  /** False where there is no terminal, so that nothing can be redrawn. */
  readonly live: boolean;
  readonly #terminal: Terminal;
  readonly #stopListening: () => void;
  #last = '';

  constructor(terminal: Terminal, wanted: boolean) {
    this.#terminal = terminal;
    this.live = wanted && terminal.size() !== undefined;
    if (this.live) terminal.out(`${CSI}?1049h${CSI}?25l${CSI}H`);
    this.#stopListening = this.live ? terminal.onResize(() => terminal.out(`${CSI}2J`)) : () => undefined;
  }

  /** Lines of `text` must not be wider than the terminal; those below its last row are counted. */
  show(text: string): void {
    this.#last = text;
    const rows = this.#terminal.size()?.rows ?? 0;
    const lines = text.trimEnd().split('\n');
    const shown =
      lines.length > rows ? [...lines.slice(0, rows - 1), `(${lines.length - rows + 1} more lines)`] : lines;
    this.#terminal.out(`${CSI}H${shown.map((line) => `${line}${CSI}K`).join('\n')}${CSI}J`);
  }

  /** Restores the terminal, and prints the last text there. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopListening();
    if (!this.live) return;
    this.#terminal.out(`${CSI}?25h${CSI}?1049l${this.#last}`);
  }
}
