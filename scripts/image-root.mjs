// The image's root file system: node scripts/image-root.mjs OUT. The node that runs this, the libraries it and koffi's native part need,
// and the built program: no shell, no package manager. All times are set to one moment, so that the same sources give the same layer.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, lstatSync, lutimesSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { billOfMaterials } from './image-sbom.mjs';
import { lineOf, TESTED_LINES } from './node-lines.mjs';
import { LICENSES_FILE } from './third-party.mjs';

const [out] = process.argv.slice(2);
if (!out) {
  console.error('usage: image-root.mjs OUT');
  process.exit(2);
}
if (!TESTED_LINES.includes(lineOf(process.version))) {
  console.error(
    `the image's Node: expected one that the tests run with (${TESTED_LINES.join(', ')}), found ${process.version}; give another base by --build-arg NODE_IMAGE`,
  );
  process.exit(2);
}
const put = (from, to) => {
  mkdirSync(dirname(join(out, to)), { recursive: true });
  cpSync(from, join(out, to), { recursive: true, dereference: true });
};

const node = realpathSync(process.execPath);
put(node, '/usr/local/bin/node');
const native = readdirSync('node_modules/@koromix').map((name) => join('node_modules/@koromix', name));
const addons = native.flatMap((dir) =>
  readdirSync(dir, { recursive: true })
    .filter((f) => f.endsWith('.node') && !f.startsWith('musl'))
    .map((f) => join(dir, f)),
);
const libraries = new Set();
// ldd prints "name => path (address)", and the loader itself by its path.
for (const program of [node, ...addons])
  for (const [, path] of execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)) libraries.add(path);
for (const path of libraries) put(path, path);

put('dist/memhound.mjs', '/app/memhound.mjs');
put('dist/commands', '/app/commands');
put('dist/web', '/app/web');
put(LICENSES_FILE, '/app/THIRD-PARTY-LICENSES.txt');
put('LICENSE', '/app/LICENSE');
for (const name of readdirSync('node_modules/koffi', { recursive: true }))
  if (/^(?:src\/.*|index)\.c?js$|^package\.json$|^LICENSE/.test(name))
    put(join('node_modules/koffi', name), join('/app/node_modules/koffi', name));
for (const dir of native)
  for (const name of readdirSync(dir).filter((f) => !f.startsWith('musl'))) put(join(dir, name), join('/app', dir, name));

mkdirSync(join(out, 'etc'), { recursive: true });
writeFileSync(join(out, 'etc/passwd'), 'root:x:0:0::/:/none\nmemhound:x:65532:65532::/:/none\n');
writeFileSync(join(out, 'etc/group'), 'root:x:0:\nmemhound:x:65532:\n');
for (const dir of ['tmp', 'data', 'proc', 'sys', 'dev']) mkdirSync(join(out, dir), { recursive: true });

const when = Number(process.env.SOURCE_DATE_EPOCH ?? 0);
writeFileSync(join(out, 'app/memhound.cdx.json'), `${JSON.stringify(billOfMaterials(libraries, when), null, 1)}\n`);
// The modes of a checkout depend on the user's umask, and its times on the day.
const still = (path) => {
  const stat = lstatSync(path);
  if (stat.isDirectory()) for (const name of readdirSync(path)) still(join(path, name));
  const runs = stat.isDirectory() || /\/bin\/node$|\/memhound\.mjs$|\.so(\.|$)/.test(path);
  if (!stat.isSymbolicLink()) chmodSync(path, runs ? 0o755 : 0o644);
  lutimesSync(path, when, when);
};
still(out);
// A named volume of Docker or podman takes its mode from this folder; the manifest decides who writes to it.
for (const dir of ['tmp', 'data']) {
  chmodSync(join(out, dir), 0o1777);
  lutimesSync(join(out, dir), when, when);
}

const bytesOf = (args, script) => Number(spawnSync('sh', ['-c', script, ...args], { encoding: 'utf8' }).stdout);
const unpacked = bytesOf([out], 'du -s --apparent-size -B1 "$0" | cut -f1');
const compressed = bytesOf([out], 'tar -C "$0" --sort=name -c . | gzip | wc -c');
const mb = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
console.log(`memhound's image on Node ${process.version}: ${mb(unpacked)} unpacked, ${mb(compressed)} compressed`);
