import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TargetInfo, Verdict } from '../../src/diagnosis/types.ts';
import type { SamplesAnswer } from '../../src/outlets/status.ts';
import { MIB } from '../../src/units.ts';
import { missingRequirements } from '../support/needs.ts';
import { assertStory, namesFile } from '../support/story.ts';
import { images, Pod } from './pod.ts';
import { podman, removeEmptyGroups } from './podman.ts';

const LOG = '/tmp/spring.log';
/** Reads the log again and again from inside, so that a kernel which evicts idle pages leaves it in the cache. */
const KEEP_WARM = `while sleep 2; do cat ${LOG} > /dev/null; done`;
const skip = missingRequirements('pod', 'cgroup');

const GREEDY = `import java.nio.ByteBuffer;
import java.util.*;
public class Orders {
  public static void main(String[] args) throws Exception {
    Thread.sleep(10_000);
    List<ByteBuffer> kept = new ArrayList<>();
    while (true) { kept.add(ByteBuffer.allocateDirect(4 << 20)); Thread.sleep(80); }
  }
}
`;

// Side by side: either waits for its JVM most of the time.
describe('pods', { skip, concurrency: true }, () => {
  before(images);
  after(removeEmptyGroups);

  describe('a pod from k8s/example.yaml: two containers, one process namespace, no capability', { concurrency: 1 }, () => {
    const pod = new Pod('orders');
    before(() => {
      pod.up();
      podman(['exec', '-d', pod.container('app'), 'sh', '-c', KEEP_WARM]);
    });
    after(() => pod.down());

    test("reports the log's page cache, in the JVM's container with its own limit", async () => {
      const verdict = await pod.verdict(namesFile(LOG));
      assertStory(verdict, LOG);
      const { body: targets } = await pod.get<TargetInfo[]>('/api/v1/targets');
      const [first] = targets;
      assert.equal(first?.reach, 'shared-pid-namespace');
      assert.equal(first?.limitBytes, 512 * MIB);
      assert.ok(podman(['inspect', '-f', '{{.Id}}', pod.container('app')]).startsWith(first.container ?? 'none'));
      const { body: ready } = await pod.get<string>('/readyz', 8801);
      assert.match(JSON.stringify(ready), /ok|ready/);
    });

    test('explains the memory from inside its container, which has no shell and keeps its limit', () => {
      const text = podman(['exec', pod.container('memhound'), '/usr/local/bin/node', '/app/memhound.mjs', 'explain']);
      assert.match(text, /^JVM pid \d+, cgroup v[12], reached by shared-pid-namespace$/m);
      assert.match(text, /^ {2}kubectl top.* \d/m);
    });

    test('a restart of the container begins a new epoch, and the earlier history is kept', async () => {
      await pod.verdict(namesFile(LOG));
      const { body: old } = await pod.get<SamplesAnswer>('/api/v1/samples?fields=usage');
      // A kill is immediate. A restart by podman takes seconds on a busy machine, and the log does not grow meanwhile. The pod's policy restarts it.
      process.kill(Number(podman(['inspect', '-f', '{{.State.Pid}}', pod.container('app')])), 'SIGKILL');
      const samples = await pod.until<SamplesAnswer>('/api/v1/samples?fields=usage', (body) =>
        body.aux.events.some((event) => event.type === 'restart'),
      );
      assert.equal(samples.t[0], old.t[0]);
      const final = await pod.get<Verdict>('/api/v1/verdict?epoch=-1');
      assert.equal(final.status, 200);
      assert.match(final.body.headline, /^The container ended at .*spring\.log/);
      assert.ok(final.body.fields.file!.points >= old.t.length - 2, `${final.body.fields.file!.points} of ${old.t.length}`);
    });

    test('memhound killed with -9 restarts with its history', async () => {
      const { body: old } = await pod.get<SamplesAnswer>('/api/v1/samples?fields=usage');
      // From outside, like the kernel's OOM killer; the pod's restart policy restarts it.
      process.kill(Number(podman(['inspect', '-f', '{{.State.Pid}}', pod.container('memhound')])), 'SIGKILL');
      const samples = await pod.until<SamplesAnswer>('/api/v1/samples?fields=usage', (body, status) => {
        const newest = body.t?.at(-1) ?? 0;
        return status === 200 && newest > (old.t.at(-1) ?? 0) + 2;
      });
      assert.deepEqual(samples.t.slice(0, old.t.length - 1), old.t.slice(0, -1));
      assert.ok(
        samples.aux.events.some((event) => event.type === 'restart'),
        'the restart of the JVM is still known',
      );
    });
  });

  describe('a pod whose JVM takes more than its limit', () => {
    const pod = new Pod('greedy', {
      source: GREEDY,
      change: (spec) => {
        spec.containers[0]!.command!.splice(1, 0, '-XX:MaxDirectMemorySize=2g');
      },
    });
    before(() => pod.up());
    after(() => pod.down());

    test('is reported as OOM-killed (or most likely so, if its cgroup was deleted with the count), in the verdict of the run that ended', async () => {
      const { headline } = await pod.until<Verdict>(
        '/api/v1/verdict?epoch=-1',
        (body, status) => status === 200 && /OOM-killed/.test(body.headline),
      );
      assert.match(headline, /OOM-killed/);
    });
  });
});
