// The image's bill of materials, CycloneDX 1.5: npm's data on the packages in the bundle, and node and the libraries of the base
// image. The same sources on the same base give the same text: no time of day, and a serial number made of the content.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { bundledPackages, LICENSES_FILE } from './third-party.mjs';

/** Packages whose code is in the bundles, and those that are not for development: koffi, which is installed beside them. */
const isIn =
  (bundled) =>
  ({ name, version, properties = [] }) =>
    bundled.has(`${name}@${version}`) || !properties.some((p) => p.name === 'cdx:npm:package:development' && p.value === 'true');

/** The Debian package that owns a library; on a base image without dpkg the file itself, by its hash. */
function libraryComponent(path) {
  const dpkg = (...args) => spawnSync('dpkg', args, { encoding: 'utf8' }).stdout ?? '';
  const name = [path, realpathSync(path), `/usr${path}`].map((p) => /^([^:,\s]+)/.exec(dpkg('-S', p))?.[1]).find(Boolean);
  const version = name && /^Version: (.*)$/m.exec(dpkg('-s', name))?.[1];
  if (version) {
    const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}`;
    return { type: 'library', name, version, 'bom-ref': purl, purl };
  }
  const content = createHash('sha256').update(readFileSync(path)).digest('hex');
  return { type: 'file', name: path, 'bom-ref': `file:${path}`, hashes: [{ alg: 'SHA-256', content }] };
}

export function billOfMaterials(libraries, epochSeconds) {
  const npm = JSON.parse(execFileSync('npm', ['sbom', '--sbom-format=cyclonedx'], { encoding: 'utf8', maxBuffer: 64 * 2 ** 20 }));
  const components = npm.components.filter(isIn(new Set(bundledPackages(readFileSync(LICENSES_FILE, 'utf8')))));
  const node = process.version.slice(1);
  components.push({
    type: 'application',
    name: 'node',
    version: node,
    'bom-ref': `node@${node}`,
    purl: `pkg:generic/node@${node}`,
  });
  components.push(...new Map([...libraries].map(libraryComponent).map((c) => [c['bom-ref'], c])).values());
  components.sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
  const refs = new Set([npm.metadata.component['bom-ref'], ...components.map((c) => c['bom-ref'])]);
  const dependencies = npm.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((to) => refs.has(to)) }));
  const hash = createHash('sha256').update(JSON.stringify(components)).digest('hex');
  const serial = [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `5${hash.slice(13, 16)}`,
    `8${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join('-');
  const metadata = { ...npm.metadata, timestamp: new Date(epochSeconds * 1000).toISOString() };
  return { ...npm, serialNumber: `urn:uuid:${serial}`, metadata, components, dependencies };
}
