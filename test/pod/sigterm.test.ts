import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { missingRequirements } from '../support/needs.ts';
import { buildImage, IMAGE, podman, RESTRICTED, tryPodman } from './podman.ts';

const skip = missingRequirements('pod');

describe('the image', { skip }, () => {
  test('ends on SIGTERM by itself within a second, with its history sealed', (t) => {
    buildImage();
    const dir = mkdtempSync(join(tmpdir(), 'memhound-term-'));
    t.after(() => rmSync(dir, { recursive: true, force: true }));
    const data = join(dir, 'data');
    spawnSync('mkdir', ['-m', '777', data]);
    const name = `memhound-term-${process.pid}`;
    podman([
      'run',
      '-d',
      '--name',
      name,
      ...RESTRICTED,
      '-v',
      `${data}:/data`,
      IMAGE,
      'watch',
      '--own',
      '--every',
      '1s',
      '--data',
      '/data',
    ]);
    try {
      // podman kills after the second: 137. By itself it ends with 0.
      podman(['wait', '--condition=running', name]);
      const listens = () => /listening|http:\/\//.test(podman(['logs', name]));
      while (!listens()) assert.equal(podman(['inspect', '-f', '{{.State.Running}}', name]), 'true', podman(['logs', name]));
      podman(['stop', '-t', '1', name]);
      assert.equal(podman(['inspect', '-f', '{{.State.ExitCode}}', name]), '0', podman(['logs', name]));
      const kept = readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));
      assert.ok(kept.length > 0, 'no history was kept');
    } finally {
      tryPodman(['rm', '-f', '-t', '0', name]);
    }
  });
});
