/** What the thread runs. In the bundle scripts/build.ts puts the program itself here, so that it stays one file. */
export const program: string | URL = new URL('./thread.ts', import.meta.url);
