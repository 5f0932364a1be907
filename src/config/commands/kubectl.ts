import { type Command, row } from '../option-table.ts';
import { text, whole } from '../option-values.ts';
import { INJECT } from './inject.ts';

export const KUBECTL = {
  name: 'kubectl',
  about:
    'as kubectl memhound: adds memhound to a workload or a pod of a cluster, through kubectl, and prints the sentence of its verdict',
  operands: 'inject KIND/NAME | verdict KIND/NAME | debug POD',
  rows: {
    namespace: row<string | null>({
      flag: 'namespace',
      value: 'NAME',
      parse: text,
      otherwise: null,
      otherwiseText: "kubectl's",
      help: 'the namespace; also -n NAME',
    }),
    context: row<string | null>({
      flag: 'context',
      value: 'NAME',
      parse: text,
      otherwise: null,
      otherwiseText: "kubectl's",
      help: 'the context of the kubeconfig',
    }),
    kubeconfig: row<string | null>({
      flag: 'kubeconfig',
      value: 'FILE',
      parse: text,
      otherwise: null,
      otherwiseText: "kubectl's",
      help: 'the kubeconfig',
    }),
    timeout: row<number>({
      flag: 'timeout',
      value: 'SECONDS',
      parse: whole(1, 3600),
      otherwise: 300,
      help: 'how long to wait for a rollout, a container or a verdict',
    }),
    containers: INJECT.rows.containers,
    runAs: INJECT.rows.runAs,
    args: INJECT.rows.args,
    requests: INJECT.rows.requests,
    limits: INJECT.rows.limits,
    native: INJECT.rows.native,
    remove: INJECT.rows.remove,
    kube: INJECT.rows.kube,
    image: INJECT.rows.image,
  },
} satisfies Command;
