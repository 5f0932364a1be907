import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openSampler, type Sampler } from '../../src/sample/sampler.ts';
import { findTargets } from '../../src/sources/target/target-search.ts';
import type { ProcessRef, Target } from '../../src/sources/types.ts';
import { ANY_TARGET } from './any-target.ts';

export interface SampledTree {
  readonly sampler: Sampler;
  readonly target: Target;
  readonly process: ProcessRef;
  /** Puts another text in the place of a file of /proc/PID or, with an absolute path, of the tree. */
  readonly write: (file: string, text: string | Buffer) => void;
  /** Puts a folder in the place of a file: the real program then gets EISDIR from its read. */
  readonly breakFile: (file: string) => void;
}

/** A copy of a tree of test/fixtures/trees, its JVM found by the real search, perhaps changed, and sampled by the real sources. */
export async function sampleOfTree(
  t: TestContext,
  name: string,
  change: (target: Target) => Target = (target) => target,
): Promise<SampledTree> {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-sample-'));
  t.after(() => rmSync(dir, { recursive: true }));
  cpSync(`test/fixtures/trees/${name}`, dir, { recursive: true, verbatimSymlinks: true });
  const roots = { proc: join(dir, 'proc'), cgroup: join(dir, 'sys/fs/cgroup') };
  const found = await findTargets({ ...ANY_TARGET, roots });
  assert.ok(found.state === 'found', `expected a JVM in the tree ${name}, found ${JSON.stringify(found)}`);
  const target = change(found.chosen);
  const { process } = target;
  assert.ok(process !== null);
  const sampler = openSampler(target, roots, false);
  t.after(() => sampler.close());
  const pathOf = (file: string): string => (file.startsWith('/') ? file : join(roots.proc, String(process.pid), file));
  return {
    sampler,
    target,
    process,
    write: (file, text) => writeFileSync(pathOf(file), text),
    breakFile(file) {
      rmSync(pathOf(file));
      mkdirSync(pathOf(file));
    },
  };
}
