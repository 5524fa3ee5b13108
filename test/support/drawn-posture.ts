/** A namespace as it was listed, with some objects that are as they should be, some at a limit and some beyond it, drawn by number. */
import { type DialSeen, dialOutcomes, dialsOutside, dryRunOutcomes, triedPods } from '../../src/domain/effects.ts'
import type {
  ContainerSeen,
  EgressPeer,
  NetworkPolicySeen,
  PostureObject,
  WorkloadSeen,
} from '../../src/domain/posture.ts'
import { instant, millis, seconds } from '../../src/domain/units.ts'
import type { NamespaceListed } from '../../src/judge/seen/listed.ts'
import { createDraw, type Draw } from './drawn.ts'
import {
  budgetFor,
  container,
  dial,
  dryRun,
  policy,
  probe,
  scaler,
  secret,
  service,
  workload,
} from './evidence-posture.ts'
import { START } from './evidence-rehearsal.ts'

const names = ['wallet', 'bets', 'payments-api', 'gateway'] as const

function drawnContainer(draw: Draw, name: string): ContainerSeen {
  const secure = container().security
  const security = {
    privileged: draw.chance(10),
    mayEscalate: draw.chance(10),
    nonRoot: draw.chance(90),
    readOnlyRoot: draw.chance(85),
    ...(draw.chance(15) ? { user: draw.of(0, 1, 1000) } : {}),
    ...(draw.chance(90) ? { seccomp: draw.of('RuntimeDefault', 'Localhost', 'Unconfined') } : {}),
    added: draw.of([], [], ['NET_BIND_SERVICE'], ['NET_ADMIN', 'SYS_TIME']),
    dropped: draw.of(['ALL'], ['ALL'], ['CHOWN']),
  }
  const [first, second] = [
    probe('GET /healthz :8080', draw.of(5, 19, 20, 30), draw.of(1, 3)),
    probe(draw.of('GET /livez :8080', 'GET /healthz :8080'), draw.of(3, 5, 10), draw.of(1, 2, 3)),
  ]
  return container({
    name,
    image: draw.of(`casino/wallet@sha256:${'a1'.repeat(32)}`, 'casino/wallet:1', 'casino/wallet@sha256:a1'),
    init: draw.chance(15),
    requests: draw.of(['cpu', 'memory'], ['cpu', 'memory'], ['memory'], []),
    limits: draw.of(['cpu', 'memory'], ['cpu', 'memory'], ['cpu'], []),
    readiness: draw.chance(80),
    liveness: draw.chance(80),
    startup: draw.chance(70),
    ...(draw.chance(80) ? { readinessProbe: first } : {}),
    ...(draw.chance(80) ? { livenessProbe: second } : {}),
    ...(draw.chance(40) ? { preStopMs: millis(draw.of(0, 4999, 5000, 30_000)) } : {}),
    hostPorts: draw.of([], [], [80, 443]),
    ...(draw.chance(40) ? { secretEnv: [draw.of('psp', 'other')] } : {}),
    security: draw.chance(40) ? secure : security,
  })
}

function drawnWorkload(draw: Draw, name: string): WorkloadSeen {
  const replicas = draw.of(0, 1, 2, 3, 4)
  const unavailable = draw.of(0, 1, 2, 3)
  const { priorityClass, rollout: _, ...rest } = workload(name)
  return {
    ...rest,
    workloadKind: draw.of('Deployment', 'Deployment', 'StatefulSet', 'DaemonSet'),
    replicas,
    labels: draw.of({ app: name }, { app: name, tier: 'money' }),
    graceMs: millis(draw.of(4999, 5000, 30_000)),
    ...(draw.chance(80) ? { rollout: { unavailable, surge: 1, written: `maxUnavailable ${unavailable}` } } : {}),
    ...(draw.chance(80) && priorityClass !== undefined ? { priorityClass } : {}),
    spreadOver: draw.of(['topology.kubernetes.io/zone'], ['kubernetes.io/hostname'], []),
    hostNamespaces: draw.of([], [], ['hostNetwork']),
    volumes: draw.of(['configMap'], ['configMap', 'secret', 'hostPath']),
    containers: [drawnContainer(draw, 'main'), ...draw.some(1, () => drawnContainer(draw, 'proxy'))],
  }
}

function drawnPeer(draw: Draw): EgressPeer {
  if (draw.chance(40)) return { kind: 'pods' }
  const cidr = draw.of(
    '10.0.0.0/8',
    '10.0.0.0/7',
    '0.0.0.0/0',
    '192.168.1.0/24',
    '::/0',
    'fd00::/16',
    'fd00::/15',
    'anywhere',
  )
  return { kind: 'block', cidr, except: draw.of([], [], ['10.0.0.0/8'], ['0.0.0.0/1', '128.0.0.0/1'], ['11.0.0.0/8']) }
}

function drawnPolicy(draw: Draw, n: number): NetworkPolicySeen {
  const ports = () => draw.of([], ['TCP/443'], ['UDP/53'], ['TCP/53', 'UDP/53'], ['UDP/53', 'TCP/443'])
  const peers = () => (draw.chance(20) ? [] : [drawnPeer(draw), ...draw.some(1, () => drawnPeer(draw))])
  const { ingress: _, ...rest } = policy(`policy-${n}`)
  return {
    ...rest,
    selector: draw.of(
      {},
      { matchLabels: { app: 'wallet' } },
      { matchLabels: { app: 'bets' } },
      { matchExpressions: [{ key: 'app', operator: 'Exists' }] },
    ),
    governs: draw.of(['ingress', 'egress'], ['ingress'], ['egress']),
    egress: draw.some(2, () => ({ to: peers(), ports: ports() })),
    ...(draw.chance(85) ? { ingress: draw.some(2, () => ({ from: peers(), ports: ports() })) } : {}),
  }
}

function drawnDial(draw: Draw): DialSeen {
  const outcome = draw.of(...dialOutcomes)
  const outside = draw.of(undefined, ...dialsOutside)
  return dial(draw.of('wallet', 'bets', 'gateway', ''), draw.of('payments-api', 'db', '192.0.2.1'), {
    port: draw.of(8080, 443),
    allowed: draw.chance(50),
    outcome,
    said: outcome === 'undialled' ? draw.of('no shell', 'no program') : '',
    ...(outside === undefined ? {} : { outside }),
  })
}

export function drawnNamespace(n: number): NamespaceListed {
  const draw = createDraw('posture', n)
  const own = names.filter(() => draw.chance(70))
  const sum = {
    healthy: draw.of(2, 3),
    wantedHealthy: draw.of(0, 1, 2, 3),
    expected: draw.of(0, 1, 2, 3),
    allowed: draw.of(0, 1),
  }
  const hpa = scaler(
    ...draw.of<readonly string[]>(
      ['Resource/cpu'],
      ['Resource/cpu', 'Pods/rps'],
      ['Pods/rps'],
      ['ContainerResource/memory'],
      [],
    ),
  )
  const [min, max] = [draw.of(0, 1, 2, 3), draw.of(1, 2, 3, 9)]
  const lists = {
    Workload: own.map((name) => drawnWorkload(draw, name)),
    Service: own
      .filter(() => draw.chance(70))
      .map((name) => service(name, draw.of({ app: name }, { app: name, role: 'primary' }, { app: 'none' }))),
    NetworkPolicy: draw.some(4, (index) => drawnPolicy(draw, index + 1)),
    Secret: [
      secret('psp', draw.of(89, 90, 91), draw.of('90d', '90d', '', 'soon')),
      ...draw.some(1, () => ({ ...secret('mail', 1), changedAt: instant(START + 1) })),
    ],
    PodDisruptionBudget: own.filter(() => draw.chance(60)).map((name) => ({ ...budgetFor(name), ...sum })),
    HorizontalPodAutoscaler: [{ ...hpa, min, max }],
    ScaledObject: draw.some(1, () => ({
      resource: 'ScaledObject',
      namespace: 'casino',
      name: 'worker',
      uid: 'w',
      of: 'worker',
      ofKind: 'Deployment',
      min: draw.of(0, 1, 4),
      max: draw.of(1, 4),
      pollingMs: seconds(2),
      cooldownMs: seconds(20),
      conditions: [],
      metrics: ['s0'],
      hpaName: draw.of('payments-api', 'keda-hpa-worker'),
    })),
    DryRun: triedPods
      .filter(() => draw.chance(85))
      .map((tried) => dryRun(tried, draw.of(dryRun(tried).outcome, ...dryRunOutcomes))),
    Dial: draw.some(7, () => drawnDial(draw)),
  }
  const isRead = () => draw.chance(97)
  const read = Object.fromEntries(Object.entries(lists).filter(isRead)) as {
    [K in keyof typeof lists]?: readonly PostureObject[]
  }
  return {
    lists: read as NamespaceListed['lists'],
    lines: new Map(Object.keys(read).map((kind, index) => [kind as PostureObject['resource'], index + 10])),
    at: instant(START),
  }
}
