/**
 * kubectl as people type it. Each line is run by a shell, in the order below, in a folder that holds the files of `FILES`, with a namespace of its
 * own as the default. `says` is looked for in what the line prints, on either stream.
 */
export type Line = {
  readonly types: string
  readonly says: RegExp
  /** 0 when absent */
  readonly code?: number
  /** Only in a lab whose containers have a file system of their own. */
  readonly needsFiles?: true
}

const ok = (types: string, says: RegExp): Line => ({ types, says })
const fails = (code: number, types: string, says: RegExp): Line => ({ types, says, code })
const withFiles = (types: string, says: RegExp): Line => ({ types, says, needsFiles: true })
/** On a terminal: script(1) gives kubectl one. */
const onTerminal = (types: string, says: RegExp): Line => ok(`script -qec "${types}" /dev/null < /dev/null`, says)

const web = (greeting: string) => `apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {greeting: ${greeting}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: test/web
          ports: [{containerPort: 8080}]
          readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
          resources: {requests: {cpu: 10m, memory: 32Mi}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}]
`

const POD = (name: string, script: string, more = '') => `apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: ${name}}}
spec:
  terminationGracePeriodSeconds: 1
  ${more}
  containers:
    - name: main
      image: test/app
      command: [sh, -c, '${script}']
      stdin: true
      volumeMounts: [{name: settings, mountPath: /etc/app}]
  volumes: [{name: settings, configMap: {name: settings}}]
`

export const FILES: Readonly<Record<string, string>> = {
  'web.yaml': web('hello'),
  'changed.yaml': web('changed'),
  'box.yaml': POD('box', 'echo started; while read line; do echo "got $line"; done; sleep 1000'),
  'crash.yaml': POD('crash', 'echo going down; exit 7', 'restartPolicy: OnFailure'),
  'kustomization.yaml': 'resources: [extra.yaml]\ncommonAnnotations: {from: kustomize}\n',
  'extra.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\ndata: {key: value}\n',
  'broken.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: broken}\ndata: {count: 3}\n',
}

/** The first node, by name. */
const NODE = '$(kubectl get nodes -o name | head -n 1)'
const NODE_NAME = `$(kubectl get nodes -o jsonpath='{.items[0].metadata.name}')`

export const LINES: readonly Line[] = [
  // apply, diff, create
  ok('kubectl apply -f web.yaml --dry-run=server', /deployment.apps\/web created \(server dry run\)/),
  ok('kubectl apply -f web.yaml', /deployment.apps\/web created[\s\S]*service\/web created/),
  ok('kubectl apply -f web.yaml', /configmap\/settings unchanged/),
  ok('kubectl rollout status deployment/web --timeout=90s', /successfully rolled out/),
  fails(1, 'kubectl diff -f changed.yaml', /\+ {2}greeting: changed/),
  ok('kubectl diff -f web.yaml', /^$/),
  ok('kubectl apply -k .', /configmap\/extra created/),
  ok('kubectl kustomize .', /from: kustomize/),
  ok('kubectl apply --server-side --force-conflicts -f extra.yaml', /configmap\/extra serverside-applied/),
  fails(1, 'kubectl apply -f broken.yaml', /data.count|cannot unmarshal number|expects string|BadRequest/),
  ok('cat box.yaml | kubectl apply -f -', /pod\/box created/),
  ok('kubectl create -f crash.yaml', /pod\/crash created/),
  ok('kubectl create configmap made --from-literal=a=1 --from-file=web.yaml', /configmap\/made created/),
  ok('kubectl create secret generic keys --from-literal=password=s3cret', /secret\/keys created/),
  ok('kubectl create deployment pods --image=test/web --dry-run=client -o yaml', /image: test\/web/),
  ok('kubectl create serviceaccount robot', /serviceaccount\/robot created/),
  ok('kubectl create role reader --verb=get,list --resource=pods', /role.rbac.authorization.k8s.io\/reader created/),
  ok('kubectl create rolebinding reads --role=reader --serviceaccount=typed:robot', /rolebinding.* created/),
  ok('kubectl create token robot | cut -c1-2', /^ey/),
  ok('kubectl create quota small --hard=configmaps=20', /resourcequota\/small created/),
  ok(
    'kubectl create poddisruptionbudget web --selector=app=web --min-available=1',
    /poddisruptionbudget.policy\/web created/,
  ),
  ok('kubectl create job once --image=test/app -- sh -c "echo did it"', /job.batch\/once created/),
  ok(
    'kubectl create cronjob nightly --image=test/app --schedule="0 3 * * *" -- sh -c "echo nightly"',
    /cronjob.batch\/nightly created/,
  ),
  ok('kubectl create job by-hand --from=cronjob/nightly', /job.batch\/by-hand created/),
  // wait
  ok('kubectl wait --for=condition=Ready pod/box --timeout=60s', /pod\/box condition met/),
  ok('kubectl wait --for=condition=complete job/once job/by-hand --timeout=60s', /job.batch\/once condition met/),
  ok(
    `kubectl wait --for=jsonpath='{.status.readyReplicas}'=2 deploy/web --timeout=60s`,
    /deployment.apps\/web condition met/,
  ),
  fails(1, 'kubectl wait --for=condition=Ready pod/crash --timeout=1s', /timed out waiting for the condition/),
  // get
  ok('kubectl get pods', /NAME +READY +STATUS +RESTARTS +AGE[\s\S]*box +1\/1 +Running/),
  ok('kubectl get pods -o wide', /NOMINATED NODE[\s\S]*10\.244\.\d+\.\d+/),
  ok('kubectl get pods --all-namespaces', /typed +box/),
  ok('kubectl get all', /deployment.apps\/web +2\/2/),
  ok('kubectl get deploy,rs,svc,cm', /configmap\/kube-root-ca.crt/),
  ok('kubectl get po -l app=web -o name | wc -l', /^\s*2\s*$/),
  ok(`kubectl get pods -l app=web -o jsonpath='{.items[*].status.phase}'`, /^Running Running$/),
  ok(
    'kubectl get pods -o custom-columns=NAME:.metadata.name,IP:.status.podIP --sort-by=.metadata.name',
    /^NAME +IP\nbox +10\.244\./,
  ),
  ok('kubectl get pods --field-selector=status.phase=Running --no-headers', /^box /),
  ok(`kubectl get secret keys -o go-template='{{.data.password | base64decode}}'`, /^s3cret$/),
  ok('kubectl get pod box -o yaml | head -n 2', /^apiVersion: v1\nkind: Pod/),
  ok('kubectl get nodes -o wide', /Ready[\s\S]*v1\.\d+\.\d+/),
  ok('kubectl get ns', /typed +Active/),
  ok('kubectl get endpointslices -l kubernetes.io/service-name=web', /8080 +10\.244\.\d+\.\d+,10\.244\.\d+\.\d+/),
  ok('kubectl get crds | head -n 3', /CREATED AT/),
  ok('kubectl get --raw /readyz', /^ok$/),
  ok('kubectl get --raw /api/v1/namespaces/typed/services/web:80/proxy/', /web-/),
  fails(1, 'kubectl get pod nobody', /NotFound.*"nobody" not found/),
  fails(1, 'kubectl get nonsense', /the server doesn't have a resource type "nonsense"/),
  ok('timeout 3 kubectl get pods -w || true', /box +1\/1/),
  // describe, explain, events
  ok('kubectl describe pod box', /Image: +test\/app[\s\S]*Events:[\s\S]*(Started container|Container started)/),
  ok('kubectl describe deployment web', /2 desired \| 2 updated \| 2 total \| 2 available/),
  ok('kubectl describe svc web', /Endpoints: +10\.244/),
  ok(`kubectl describe ${NODE}`, /Allocated resources:/),
  ok('kubectl describe cm settings', /greeting:\n----\nhello/),
  ok('kubectl explain pod.spec.containers.livenessProbe', /Periodic probe of container liveness/),
  ok('kubectl explain deployment --recursive | head -n 5', /GROUP: +apps/),
  ok('kubectl events --for pod/box', /Started container|Container started/),
  ok('kubectl get events --sort-by=.lastTimestamp', /Scheduled/),
  // logs
  ok('kubectl logs box', /^started$/),
  ok('kubectl logs deploy/web --tail=1', /asked for \//),
  ok('kubectl logs -l app=box --prefix', /^\[pod\/box\/main\] started/),
  ok('kubectl logs box --timestamps --since=1h', /^\d{4}-\d\d-\d\dT\S+ started/),
  ok('kubectl logs job/once', /^did it$/),
  ok('until kubectl logs crash --previous 2>&1 | grep "going down"; do sleep 0.2; done', /going down/),
  ok('timeout 3 kubectl logs -f box || true', /started/),
  fails(1, 'kubectl logs box -c nobody', /container nobody is not valid for pod box/),
  // exec, attach, cp, port-forward
  withFiles('kubectl exec box -- cat /etc/app/greeting', /^hello$/),
  ok('kubectl exec box -- sh -c "echo \\$HOSTNAME"', /^box$/),
  ok('echo "a b" | kubectl exec -i box -- cat', /^a b$/),
  ok('kubectl exec deploy/web -- node -p 1+1', /^2$/),
  fails(3, 'kubectl exec box -- sh -c "exit 3"', /exit code 3/),
  fails(1, 'kubectl exec box -- no-such-program', /no-such-program/),
  onTerminal('kubectl exec -it box -- sh -c tty', /\/dev\/pts\/\d+/),
  ok('(echo typed; sleep 2) | timeout 8 kubectl attach -i box || true', /got typed/),
  ok(
    'kubectl cp web.yaml box:/tmp/web.yaml && kubectl exec box -- head -n 2 /tmp/web.yaml',
    /^apiVersion: v1\nkind: ConfigMap/,
  ),
  ok('kubectl cp box:/tmp/web.yaml back.yaml && cmp web.yaml back.yaml && echo same', /same/),
  ok(
    'kubectl exec box -- sh -c "mkdir -p /tmp/out; echo deep > /tmp/out/file"; kubectl cp box:/tmp/out out; cat out/file',
    /deep$/,
  ),
  // By `exec`, because `kubectl cp` ends when tar has sent the end of its archive, and often loses what tar says: kubernetes/kubectl#980.
  fails(2, 'kubectl exec box -- tar cf - /tmp/nobody > nobody.tar', /No such file[\s\S]*exit code 2/),
  ok(
    'kubectl port-forward svc/web :80 > forward.log & until grep -q Forwarding forward.log; do sleep 0.1; done; ' +
      'node -e "fetch(process.argv[1]).then((a) => a.text()).then(console.log)" http://127.0.0.1:$(sed -n "s/.*127.0.0.1:\\([0-9]*\\).*/\\1/p" forward.log | head -n 1)/; kill $!',
    /web-/,
  ),
  // run, debug
  ok(
    'kubectl run hello --rm -i --restart=Never --quiet --image=test/app --command -- echo hello from run',
    /^hello from run/,
  ),
  // As on any cluster, attaching shows only what comes after it.
  onTerminal(
    `kubectl run shell --rm -it --restart=Never --image=test/app --command -- sh -c 'sleep 2; tty'`,
    /\/dev\/pts\/\d+/,
  ),
  ok('kubectl run seen --image=test/app --dry-run=client -o name', /^pod\/seen$/),
  ok(
    'kubectl debug box --image=test/app -c debugger -- sh -c "echo debugging; sleep 1000" && ' +
      'until kubectl logs box -c debugger 2>/dev/null | grep debugging; do sleep 0.2; done',
    /debugging$/,
  ),
  ok(
    'kubectl debug box --copy-to=box-copy --image=test/app --container=second -- sleep 1000 && kubectl get pod box-copy -o jsonpath="{.spec.containers[*].name}"',
    /main second/,
  ),
  // top
  ok(
    'until kubectl top nodes 2>/dev/null | grep -q "[0-9]m"; do sleep 1; done; kubectl top nodes',
    /CPU\(cores\)[\s\S]*\d+m/,
  ),
  ok(
    'until kubectl top pods 2>/dev/null | grep -q box; do sleep 1; done; kubectl top pods --containers',
    /box +main +\d+m +\d+Mi/,
  ),
  // rollout, scale, set, patch
  ok('kubectl set env deploy/web COLOR=blue', /deployment.apps\/web env updated/),
  ok('kubectl rollout status deploy/web --timeout=90s', /successfully rolled out/),
  ok('kubectl exec deploy/web -- sh -c "echo \\$COLOR"', /^blue$/),
  ok('kubectl rollout history deployment/web', /REVISION +CHANGE-CAUSE\n1[\s\S]*\n2/),
  ok('kubectl rollout undo deployment/web', /deployment.apps\/web rolled back/),
  ok('kubectl rollout pause deployment/web && kubectl rollout resume deployment/web', /web paused\n.*web resumed/),
  ok('kubectl rollout restart deployment/web', /deployment.apps\/web restarted/),
  ok('kubectl rollout status deploy/web --timeout=90s', /successfully rolled out/),
  ok('kubectl scale deployment web --replicas=3', /deployment.apps\/web scaled/),
  fails(1, 'kubectl scale deployment web --current-replicas=9 --replicas=1', /Expected replicas to be 9, was 3/),
  ok('kubectl set resources deploy/web --requests=cpu=20m', /resource requirements updated/),
  ok('kubectl set image deployment/web web=test/web:1', /image updated/),
  ok(`kubectl patch deployment web -p '{"spec":{"replicas":2}}'`, /deployment.apps\/web patched/),
  ok(
    `kubectl patch cm settings --type=json -p '[{"op":"replace","path":"/data/greeting","value":"patched"}]'`,
    /configmap\/settings patched/,
  ),
  ok(
    `kubectl patch cm settings --type=merge -p '{"data":{"more":"yes"}}' && kubectl get cm settings -o jsonpath='{.data.greeting} {.data.more}'`,
    /patched yes/,
  ),
  ok(
    'kubectl autoscale deployment web --min=2 --max=4 --cpu=80%',
    /horizontalpodautoscaler.autoscaling\/web autoscaled/,
  ),
  ok('kubectl get hpa web', /Deployment\/web/),
  ok(
    `EDITOR="sed -i s/patched/edited/" kubectl edit cm settings && kubectl get cm settings -o jsonpath='{.data.greeting}'`,
    /edited/,
  ),
  ok('kubectl replace -f extra.yaml', /configmap\/extra replaced/),
  ok('kubectl label pod box tier=back --overwrite && kubectl get pod box -L tier', /TIER\nbox .* back$/),
  ok('kubectl annotate pod box note="by hand"', /pod\/box annotated/),
  ok('kubectl expose deployment web --name=again --port=81 --target-port=8080', /service\/again exposed/),
  ok('kubectl create ingress web --rule="typed.test/*=web:80"', /ingress.networking.k8s.io\/web created/),
  // auth, config, cluster
  ok('kubectl auth can-i delete pods', /^yes$/),
  fails(1, 'kubectl auth can-i delete pods --as=system:serviceaccount:typed:robot', /^no$/),
  ok('kubectl auth can-i list pods --as=system:serviceaccount:typed:robot', /^yes$/),
  ok('kubectl auth whoami', /Username/),
  ok('kubectl auth can-i --list | head -n 1', /Resources +Non-Resource URLs/),
  fails(1, 'kubectl get secrets --as=system:serviceaccount:typed:robot', /Forbidden/),
  ok('kubectl config current-context', /^\S+$/),
  ok('kubectl config view --minify', /current-context/),
  ok('kubectl version', /Client Version: v1\.\d+[\s\S]*Server Version: v1\.\d+/),
  ok('kubectl cluster-info', /control plane.* is running at/),
  ok('kubectl api-resources --namespaced=true -o name', /^pods$/m),
  ok('kubectl api-versions', /^apps\/v1$/m),
  // nodes
  ok(
    `kubectl taint node ${NODE_NAME} try=it:PreferNoSchedule && kubectl taint node ${NODE_NAME} try-`,
    /tainted[\s\S]*untainted/,
  ),
  ok(`kubectl cordon ${NODE}`, /cordoned/),
  ok('kubectl get nodes', /SchedulingDisabled/),
  ok(`kubectl drain ${NODE} --ignore-daemonsets --delete-emptydir-data --force --timeout=90s`, /drained/),
  ok(`kubectl uncordon ${NODE}`, /uncordoned/),
  ok('kubectl rollout status deploy/web --timeout=90s', /successfully rolled out/),
  // delete: the drain may have deleted the other pods.
  ok('kubectl run last --image=test/app --command -- sleep 1000', /^pod\/last created$/),
  ok('kubectl delete pod nobody --ignore-not-found', /^$/),
  ok('kubectl delete pod last --wait=false --grace-period=1', /^pod "last" deleted/),
  fails(1, 'kubectl wait --for=delete pod/last --timeout=60s && kubectl get pod last', /NotFound.*"last" not found/),
  ok('kubectl delete -f web.yaml', /deployment.apps "web" deleted/),
  ok('kubectl run forced --image=test/app --command -- sleep 1000', /^pod\/forced created$/),
  ok('kubectl delete pods --all --force --grace-period=0', /pod "forced" force deleted/),
]
