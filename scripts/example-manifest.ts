// Writes k8s/example.yaml: the example of k8s/base with memhound injected, one file for `kubectl apply -f`. Usage: npm run manifest
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { stringify } from 'yaml';
import { inject, NO_OPTIONS } from '../src/manifest/inject.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

const HEAD = `# The whole example in one file: a JVM that tells the story, with memhound beside it. Made by \`npm run manifest\` from k8s/base.
#   kubectl apply -f k8s/example.yaml
#   kubectl port-forward deploy/orders 8800    # then open http://127.0.0.1:8800
`;

export function exampleManifest(): string {
  const source = stringify(
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'orders-source' },
      data: { 'Orders.java': readFileSync('k8s/base/Orders.java', 'utf8') },
    },
    { lineWidth: 0 },
  );
  const { text } = inject(readFileSync('k8s/base/deployment.yaml', 'utf8'), {
    ...NO_OPTIONS,
    version,
  });
  return `${HEAD}${source}---\n${text}`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  writeFileSync('k8s/example.yaml', exampleManifest());
