/** The last stage of our Dockerfile, so that a release without an engine makes the same image as `make image`. */

export interface Stage {
  readonly base: string;
  /** What is copied: from this repository, or built. */
  readonly copies: readonly { readonly sources: readonly string[]; readonly target: string }[];
  readonly config: {
    readonly User: string;
    readonly WorkingDir: string;
    readonly Entrypoint: readonly string[];
    readonly Cmd: readonly string[];
    readonly Env: readonly string[];
    readonly ExposedPorts: Readonly<Record<string, object>>;
    readonly Labels: Readonly<Record<string, string>>;
  };
}

/** Throws at an instruction that it does not know. */
export function lastStage(text: string, args: Readonly<Record<string, string>>): Stage {
  const lines = text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => ({ word: line.split(' ')[0] ?? '', rest: line.slice(line.indexOf(' ') + 1).trim() }));
  const start = lines.findLastIndex(({ word }) => word === 'FROM');
  const own = lines.slice(start);
  const of = (wanted: string) => own.filter(({ word }) => word === wanted).map(({ rest }) => rest);
  const one = (wanted: string) => {
    const [found, another] = of(wanted);
    if (found === undefined || another !== undefined)
      throw new Error(`Dockerfile: one ${wanted} is expected`);
    return found;
  };
  const known = ['FROM', 'ARG', 'LABEL', 'WORKDIR', 'COPY', 'USER', 'ENV', 'EXPOSE', 'ENTRYPOINT', 'CMD'];
  const strange = own.find(({ word }) => !known.includes(word));
  if (strange !== undefined) throw new Error(`Dockerfile: a release does not know ${strange.word}`);
  const filled = (value: string) => value.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => args[name] ?? '');
  return {
    base: one('FROM'),
    copies: of('COPY').map((rest) => {
      const words = rest.split(/\s+/).filter((word) => !word.startsWith('--'));
      return {
        sources: words.slice(0, -1).map((source) => source.replace(/^\/src\//, '')),
        target: words.at(-1) ?? '',
      };
    }),
    config: {
      User: one('USER'),
      WorkingDir: one('WORKDIR'),
      Entrypoint: JSON.parse(one('ENTRYPOINT')) as string[],
      Cmd: JSON.parse(one('CMD')) as string[],
      Env: of('ENV'),
      ExposedPorts: Object.fromEntries(of('EXPOSE').map((port) => [`${port}/tcp`, {}])),
      Labels: Object.fromEntries(
        of('LABEL').flatMap((rest) =>
          [...rest.matchAll(/([\w.-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [
            name,
            filled(value),
          ]),
        ),
      ),
    },
  };
}
