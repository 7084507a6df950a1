import { spawn } from 'node:child_process';

/**
 * What the shell does: it keeps the list of processes that it is told on its input, and when the input ends it kills
 * them and removes the folder. The input is a pipe from us, which the kernel closes however we die.
 */
const SCRIPT = `
pids=' '
while read -r verb pid; do
  case $verb in
    add) pids="$pids$pid " ;;
    drop) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
  esac
done
for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done
[ -z "$1" ] || rm -rf -- "$1"
`;

/** Makes sure that no child outlives this process, even if it is killed. */
export interface Guardian {
  /** `pid` shall not outlive us. */
  add(pid: number): void;
  /** `pid` has ended; its number may soon be another's. */
  drop(pid: number): void;
  /** Kills what is still on the list, removes the folder, and ends. */
  end(): Promise<void>;
}

/** `folder`, if given, is removed at the end as well. */
export function startGuardian(folder = ''): Guardian {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'guardian', folder], {
    detached: true, // In a session of its own, so that Ctrl-C in a terminal does not end it before its work is done.
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = new Promise<void>((resolve, reject) => {
    shell.once('exit', () => resolve());
    shell.once('error', reject);
  });
  // Its failure is heard by whoever calls end(); until then it must not count as unhandled.
  ended.catch(() => undefined);
  shell.stdin.on('error', () => undefined); // As above: a dead shell is seen by its exit.
  shell.unref();
  return {
    add: (pid) => shell.stdin.write(`add ${pid}\n`),
    drop: (pid) => shell.stdin.write(`drop ${pid}\n`),
    end() {
      shell.ref();
      shell.stdin.end();
      return ended;
    },
  };
}
