import { program } from './needs.ts';
import { run } from './process.ts';

/** Resident bytes of a file, by fincore. */
export async function fincore(path: string): Promise<number> {
  const { stdout } = await run(program('fincore'), ['-J', '--bytes', path]);
  return (JSON.parse(stdout) as { fincore: [{ res: number }] }).fincore[0].res;
}
