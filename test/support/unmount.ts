import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

/** Takes a mount away, also while another process looks into it: one that walks /tmp holds it for a moment, and umount alone calls that busy. */
export function unmount(dir: string): void {
  const { status, stderr } = spawnSync('umount', ['-l', dir], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}
