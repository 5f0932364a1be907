import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { missingRequirements } from '../support/needs.ts';
import { buildImage, IMAGE, podman, RESTRICTED } from './podman.ts';

describe('the image', { skip: missingRequirements('pod') }, () => {
  let dir = '';
  before(() => {
    buildImage();
    dir = mkdtempSync(join(tmpdir(), 'memhound-image-'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  test('runs as any user, without capabilities, on a read-only root', () => {
    assert.equal(podman(['image', 'inspect', '-f', '{{.User}}', IMAGE]), '65532:65532');
    for (const user of ['65532:65532', '1000710000:0', '1000:1000'])
      assert.match(podman(['run', '--rm', ...RESTRICTED, `--user=${user}`, IMAGE, '--version']), /^\d+\.\d+\.\d+$/);
  });

  test('contains node and the loader as its only programs: no shell, no package manager', () => {
    const tar = join(dir, 'root.tar');
    const container = podman(['create', IMAGE]);
    podman(['export', '-o', tar, container]);
    podman(['rm', container]);
    const list = spawnSync('tar', ['tvf', tar], { encoding: 'utf8', maxBuffer: 2 ** 24 }).stdout.split('\n');
    const programs = list
      .filter((line) => /^-..x/.test(line))
      .map((line) => line.slice(line.search(/\S+$/)))
      .filter((path) => !/\.so(\.|$)|\.node$/.test(path));
    assert.deepEqual(programs.sort(), ['app/memhound.mjs', 'usr/local/bin/node']);
    assert.equal(list.filter((line) => /^...s|^.{6}s/.test(line)).length, 0, 'a setuid program');
  });

  test('has at most 180 MB unpacked and 60 MB compressed', () => {
    const unpacked = Number(podman(['image', 'inspect', '-f', '{{.Size}}', IMAGE]));
    podman(['push', '-q', '--remove-signatures', IMAGE, `oci:${join(dir, 'oci')}`]);
    const blobs = join(dir, 'oci/blobs/sha256');
    const compressed = readdirSync(blobs).reduce((sum, name) => sum + statSync(join(blobs, name)).size, 0);
    assert.ok(unpacked <= 180e6, `${unpacked} bytes unpacked`);
    assert.ok(compressed <= 60e6, `${compressed} bytes compressed`);
  });

  test('has OCI labels, and lists its parts as CycloneDX', () => {
    const labels = JSON.parse(podman(['image', 'inspect', '-f', '{{json .Labels}}', IMAGE])) as Record<string, string>;
    for (const key of ['title', 'description', 'licenses', 'version', 'documentation'])
      assert.ok(labels[`org.opencontainers.image.${key}`], key);
    const container = podman(['create', IMAGE]);
    podman(['cp', `${container}:/app/memhound.cdx.json`, join(dir, 'bom.json')]);
    podman(['rm', container]);
    const bom = JSON.parse(spawnSync('cat', [join(dir, 'bom.json')], { encoding: 'utf8' }).stdout) as {
      bomFormat: string;
      components: { name: string; version?: string }[];
    };
    assert.equal(bom.bomFormat, 'CycloneDX');
    const names = bom.components.map(({ name }) => name);
    for (const name of ['express', 'ws', 'node-cron', 'lowdb', 'koffi', 'uplot', 'node']) assert.ok(names.includes(name), name);
    assert.ok(!names.includes('typescript') && !names.includes('playwright-core'), 'it lists what is not in the image');
    assert.ok(
      names.some((name) => /libc/.test(name)),
      'the C library is not listed',
    );
  });

  test('has the same layers if it is built twice', () => {
    const layers = (tag: string) => podman(['image', 'inspect', '-f', '{{json .RootFS.Layers}}', tag]);
    const again = 'localhost/memhound:again';
    // Another time of day for every input file, as a fresh clone has. Images of its steps would be of no further use.
    buildImage(again, ['--no-cache', '--layers=false']);
    assert.equal(layers(again), layers(IMAGE));
    podman(['rmi', again]);
  });
});
