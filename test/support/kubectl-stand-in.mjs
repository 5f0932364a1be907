#!/usr/bin/env node
// A stand-in of kubectl with the cluster in a file: get, patch (JSON Patch), rollout, exec, debug, wait and port-forward. It refuses what
// the API refuses of these, and notes each call.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const FILE = process.env.STAND_IN_CLUSTER;
const cluster = JSON.parse(readFileSync(FILE, 'utf8'));
const words = process.argv.slice(2);
appendFileSync(`${FILE}.calls`, `${JSON.stringify(words)}\n`);
const [verb, ...args] = words.filter((w) => !/^--(namespace|context|kubeconfig)=/.test(w));
const save = () => writeFileSync(FILE, JSON.stringify(cluster));
const fail = (text) => {
  console.error(text);
  process.exit(1);
};
const find = (name) => cluster.objects[name] ?? fail(`Error from server (NotFound): ${name} not found`);

function patched(object, operations) {
  for (const { op, path, value } of operations) {
    const keys = path
      .slice(1)
      .split('/')
      .map((k) => k.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop();
    const parent = keys.reduce((map, key) => map?.[key], object);
    if (parent === undefined)
      fail(`the server rejected our request: add operation does not apply: doc is missing path: "${path}"`);
    if (op === 'test' && parent[last] !== value) fail(`the server rejected our request: testing path ${path} failed`);
    if (op === 'remove') delete parent[last];
    if (op === 'add') parent[last] = value;
  }
}

switch (verb) {
  case 'get':
    console.log(JSON.stringify(find(args[0])));
    break;
  case 'patch': {
    const object = find(args[0]);
    patched(object, JSON.parse(args[args.indexOf('-p') + 1]));
    object.metadata.resourceVersion = String(Number(object.metadata.resourceVersion) + 1);
    save();
    break;
  }
  case 'rollout':
  case 'wait':
    find(verb === 'wait' ? args[0] : args[1]);
    break;
  case 'exec':
    console.log(cluster.id);
    break;
  case 'debug': {
    const option = (name) => args.find((a) => a.startsWith(`--${name}=`))?.slice(name.length + 3);
    const part = JSON.parse(readFileSync(option('custom'), 'utf8'));
    find(`pod/${args[0]}`).spec.ephemeralContainers = [
      { name: option('container'), targetContainerName: option('target'), ...part },
    ];
    save();
    break;
  }
  case 'port-forward': {
    const [, remote] = args.filter((a) => !a.startsWith('--'));
    let asked = 0;
    createServer((request, response) => {
      asked++;
      // As memhound answers before its first verdict.
      if (asked === 1) response.writeHead(503).end('{"error":{"code":"no-verdict"}}');
      else response.end(JSON.stringify({ headline: `port ${remote.slice(1)} says: the heap leaks (${request.url})` }));
    }).listen(0, '127.0.0.1', function () {
      console.log(`Forwarding from 127.0.0.1:${this.address().port} -> ${remote.slice(1)}`);
    });
    break;
  }
  default:
    fail(`error: unknown command ${verb}`);
}
