/** Objects of the lab test, as kubectl takes them. */
export const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'app' }, data: { greeting: 'hello' } }
export const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'app' },
  stringData: { password: 's3cret' },
}

const fromSecret = (name: string) => ({ name, valueFrom: { secretKeyRef: { name: 'app', key: 'password' } } })

export const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'app' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'app' } },
    template: {
      metadata: { labels: { app: 'app' } },
      spec: {
        securityContext: { runAsNonRoot: true },
        terminationGracePeriodSeconds: 5,
        volumes: [{ name: 'config', configMap: { name: 'app' } }],
        containers: [
          {
            name: 'app',
            image: 'test/app:1',
            ports: [{ containerPort: 8080 }],
            env: [fromSecret('SECRET')],
            resources: { limits: { memory: '128Mi' } },
            volumeMounts: [{ name: 'config', mountPath: '/etc/config' }],
            readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
}

const pod = (name: string, spec: object) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec })
const shell = (script: string) => ({ image: 'test/app', command: ['sh', '-c', script] })

export const crashing = pod('crashing', {
  containers: [
    { name: 'main', ...shell('echo about to fail; echo the reason >$MATCHDAY_ROOT/dev/termination-log; exit 3') },
  ],
})

export const sidecars = pod('sidecars', {
  restartPolicy: 'Never',
  initContainers: [
    { name: 'init', ...shell('echo prepared') },
    { name: 'side', image: 'matchday/pause', restartPolicy: 'Always' },
  ],
  containers: [{ name: 'main', ...shell('echo done') }],
})

export const unknownImage = pod('unknown-image', { containers: [{ name: 'main', image: 'test/none:1' }] })

export const asRoot = pod('as-root', {
  containers: [{ name: 'main', image: 'test/app', securityContext: { runAsUser: 0 } }],
})

export const database = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'db' },
  spec: {
    serviceName: 'db',
    replicas: 1,
    selector: { matchLabels: { app: 'db' } },
    volumeClaimTemplates: [
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    ],
    template: {
      metadata: { labels: { app: 'db' } },
      spec: {
        terminationGracePeriodSeconds: 10,
        containers: [
          {
            name: 'postgres',
            image: 'matchday/postgres:18',
            args: ['-c', 'max_connections=40'],
            env: [
              fromSecret('POSTGRES_PASSWORD'),
              { name: 'POSTGRES_DB', value: 'wallet' },
              { name: 'POSTGRES_USER', value: 'wallet' },
            ],
            ports: [{ containerPort: 5432 }],
            volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }],
            readinessProbe: { tcpSocket: { port: 5432 }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
}
