import { MachineFault } from './machine-fault.ts';
import { program } from './needs.ts';
import { run, type StartOptions } from './process.ts';

/** Runs a command on the kernel of test/uml/run.sh (its options first). Throws a MachineFault if that kernel does not start. */
export async function runGuest(args: readonly string[], options: StartOptions = {}) {
  program('guest');
  const done = await run('test/uml/run.sh', args, options);
  const reason = /^run\.sh: (.*?)(?:; the end of its console:)?$/m.exec(done.stderr)?.[1];
  if (done.code === 125 && reason !== undefined) throw new MachineFault(`${reason}\n${done.stderr.slice(-4000)}`);
  return done;
}
