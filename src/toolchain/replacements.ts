// The few source changes that let a program run as a plain user on loopback. They are exact texts and not a patch: nothing of Kubernetes, KEDA or
// Karpenter is committed here beyond the replaced lines. If a release changes one of these lines, the build fails with its name instead of patching
// the wrong place.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ToolchainError } from './toolchain-error.ts'
import type { GoModule, Tool, ToolName } from './tools.ts'

export type Replacement = {
  /** Relative to the module's root. */
  readonly file: string
  readonly why: string
  /** Occurs exactly once in the file. */
  readonly find: string
  readonly put: string
  /** The only program that runs this code: the others of the module need not be built again for it. */
  readonly only?: ToolName
}

const lines = (...text: string[]): string => text.join('\n')

export const KUBERNETES_REPLACEMENTS: readonly Replacement[] = [
  {
    file: 'pkg/probe/dialer_others.go',
    why: 'probes dial pods by address, and on the lab 10.x.y.z is 127.x.y.z (1 of 2: imports)',
    find: lines('import (', '\t"net"'),
    put: lines('import (', '\t"context"', '\t"net"'),
  },
  {
    file: 'pkg/probe/dialer_others.go',
    why: 'probes dial pods by address, and on the lab 10.x.y.z is 127.x.y.z (2 of 2: the dialer)',
    find: 'func ProbeDialer() *net.Dialer {\n\tdialer := &net.Dialer{',
    put: `// RedirectAddress says where an address is really dialled.
var RedirectAddress = func(address string) string { return address }

// RedirectingDialer dials where RedirectAddress says.
type RedirectingDialer struct{ net.Dialer }

func (d *RedirectingDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d.Dialer.DialContext(ctx, network, RedirectAddress(address))
}

func (d *RedirectingDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

func ProbeDialer() *RedirectingDialer {
	dialer := &RedirectingDialer{net.Dialer{`,
  },
  {
    file: 'pkg/probe/dialer_others.go',
    why: 'closes the literal opened above',
    find: '\t}\n\treturn dialer\n',
    put: '\t}}\n\treturn dialer\n',
  },
  {
    file: 'pkg/kubelet/kubelet.go',
    why: 'HTTP hooks (postStart, preStop) dial pods like probes do (1 of 2: imports)',
    find: '\thttpprobe "k8s.io/kubernetes/pkg/probe/http"\n',
    put: '\t"k8s.io/kubernetes/pkg/probe"\n\thttpprobe "k8s.io/kubernetes/pkg/probe/http"\n',
  },
  {
    file: 'pkg/kubelet/kubelet.go',
    why: 'HTTP hooks (postStart, preStop) dial pods like probes do (2 of 2: the transport)',
    find: '\t\t\tTLSClientConfig: &tls.Config{InsecureSkipVerify: true},\n\t\t},\n\t\tCheckRedirect: httpprobe',
    put: '\t\t\tTLSClientConfig: &tls.Config{InsecureSkipVerify: true},\n\t\t\tDialContext: probe.ProbeDialer().DialContext,\n\t\t},\n\t\tCheckRedirect: httpprobe',
  },
  {
    file: 'pkg/kubelet/oom/oom_watcher_linux.go',
    why: 'a plain user may not read the kernel log: no events about memory then, instead of no kubelet',
    find: '\toomStreamer, err := oomparser.New()\n\tif err != nil {\n\t\treturn nil, err\n\t}',
    put: '\toomStreamer, err := oomparser.New()\n\tif err != nil {\n\t\treturn nil, nil\n\t}',
  },
  {
    file: 'pkg/volume/util/atomic_writer_linux.go',
    why: 'a plain user may not give files away; its pods run as the same user, so they can read them (1 of 2: imports)',
    find: 'import "os"\n',
    put: 'import (\n\t"errors"\n\t"os"\n\t"syscall"\n)\n',
  },
  {
    file: 'pkg/volume/util/atomic_writer_linux.go',
    why: 'a plain user may not give files away; its pods run as the same user, so they can read them (2 of 2: the call)',
    find: '\treturn os.Lchown(name, uid, gid)\n',
    put: `	err := os.Lchown(name, uid, gid)
	if errors.Is(err, syscall.EPERM) && os.Geteuid() != 0 {
		return nil
	}
	return err
`,
  },
  {
    file: 'pkg/volume/util/atomic_writer_linux.go',
    why: 'in a user namespace, the kernel answers EINVAL for a user that is not mapped there',
    find: 'errors.Is(err, syscall.EPERM) && os.Geteuid() != 0',
    put: '(errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL)) && os.Geteuid() != 0',
    only: 'kubelet',
  },
]

// A pod's name server is its relay (lab/pod-network/relay.ts), which answers as cluster DNS would. Go asks the servers of /etc/resolv.conf, but there
// is only one such file per machine, not one per pod.
const RESOLVER = `	if address := os.Getenv("MATCHDAY_RESOLVER"); address != "" {
		net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", address)
		}}
	}
`

// Both programs report their version only to an API server.
const SAY_VERSION = `	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("KEDA v" + version.Version)
		os.Exit(0)
	}
`

export const KEDA_REPLACEMENTS: readonly Replacement[] = [
  {
    file: 'cmd/operator/main.go',
    why: "names are looked up by the pod's relay, and the version can be asked (1 of 3: imports)",
    find: lines('import (', '\t"errors"', '\t"flag"', '\t"maps"', '\t"os"'),
    put: lines('import (', '\t"context"', '\t"errors"', '\t"flag"', '\t"fmt"', '\t"maps"', '\t"net"', '\t"os"'),
  },
  {
    file: 'cmd/operator/main.go',
    why: "names are looked up by the pod's relay, and the version can be asked (2 of 3: KEDA's own import)",
    find: '\tkedautil "github.com/kedacore/keda/v2/pkg/util"\n',
    put: '\tkedautil "github.com/kedacore/keda/v2/pkg/util"\n\t"github.com/kedacore/keda/v2/version"\n',
  },
  {
    file: 'cmd/operator/main.go',
    why: "names are looked up by the pod's relay, and the version can be asked (3 of 3: before anything else)",
    find: 'func main() {\n',
    put: `func main() {\n${SAY_VERSION}${RESOLVER}`,
  },
  {
    file: 'cmd/adapter/main.go',
    why: "names are looked up by the pod's relay, and the version can be asked (1 of 3: imports)",
    find: '\t"fmt"\n\t"net/http"\n',
    put: '\t"fmt"\n\t"net"\n\t"net/http"\n',
  },
  {
    file: 'cmd/adapter/main.go',
    why: "names are looked up by the pod's relay, and the version can be asked (2 of 3: KEDA's own import)",
    find: '\tkedautil "github.com/kedacore/keda/v2/pkg/util"\n',
    put: '\tkedautil "github.com/kedacore/keda/v2/pkg/util"\n\t"github.com/kedacore/keda/v2/version"\n',
  },
  {
    file: 'cmd/adapter/main.go',
    why: "names are looked up by the pod's relay, and the version can be asked (3 of 3: before anything else)",
    find: 'func main() {\n',
    put: `func main() {\n${SAY_VERSION}${RESOLVER}`,
  },
  {
    file: 'cmd/adapter/main.go',
    why: 'its metrics are served on the address of its pod: on all addresses they would take port 8080 from every pod of the machine',
    find: 'fmt.Sprintf(":%v", metricsAPIServerPort)',
    put: 'fmt.Sprintf("%s:%v", os.Getenv("MATCHDAY_NATIVE_ADDRESS"), metricsAPIServerPort)',
  },
]

// Each container of the lab is a process of this machine: on all addresses, one backend would take the port of every other one. The image of
// the suite's backend (test/conformance/gateway/image.ts) sets the variable.
const ADDRESS = 'os.Getenv("LISTEN_ADDRESS")'

export const GATEWAY_REPLACEMENTS: readonly Replacement[] = [
  {
    file: 'echo-basic/echo-basic.go',
    why: 'the version can be asked (1 of 2: imports)',
    find: lines('\t"regexp"', '\t"strconv"'),
    put: lines('\t"regexp"', '\t"runtime/debug"', '\t"strconv"'),
  },
  {
    file: 'echo-basic/echo-basic.go',
    why: 'the version can be asked (2 of 2: before anything else)',
    find: 'func main() {\n',
    put: `func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		info, _ := debug.ReadBuildInfo()
		fmt.Println("echo-basic", info.Main.Version)
		os.Exit(0)
	}
`,
  },
  {
    file: 'echo-basic/echo-basic.go',
    why: 'it listens on the address of its pod (1 of 6: HTTP)',
    find: 'fmt.Sprintf(":%s", httpPort)',
    put: `${ADDRESS} + ":" + httpPort`,
  },
  {
    file: 'echo-basic/echo-basic.go',
    why: 'it listens on the address of its pod (2 of 6: HTTPS)',
    find: 'fmt.Sprintf(":%s", httpsPort)',
    put: `${ADDRESS} + ":" + httpsPort`,
  },
  {
    file: 'echo-basic/echo-basic.go',
    why: 'it listens on the address of its pod (3 of 6: h2c)',
    find: 'fmt.Sprintf(":%s", h2cPort)',
    put: `${ADDRESS} + ":" + h2cPort`,
  },
  {
    file: 'echo-basic/grpc/grpc.go',
    why: 'it listens on the address of its pod (4 of 6: gRPC)',
    find: 'fmt.Sprintf("0.0.0.0:%d", config.HTTPPort)',
    put: `fmt.Sprintf("%s:%d", ${ADDRESS}, config.HTTPPort)`,
  },
  {
    file: 'echo-basic/tcpserver/tcpserver.go',
    why: 'it listens on the address of its pod (5 of 6: TCP)',
    find: 'fmt.Sprintf(":%s", s.tcpPort)',
    put: `${ADDRESS}+":"+s.tcpPort`,
  },
  {
    file: 'echo-basic/tcpserver/tcpserver.go',
    why: 'it listens on the address of its pod (6 of 6: TCP with TLS)',
    find: 'fmt.Sprintf(":%s", s.tlsPort)',
    put: `${ADDRESS} + ":" + s.tlsPort`,
  },
]

export const KARPENTER_REPLACEMENTS: readonly Replacement[] = [
  {
    file: 'kwok/main.go',
    why: 'the version can be asked (1 of 2: imports)',
    find: lines('import (', '\t"github.com/samber/lo"'),
    put: lines('import (', '\t"fmt"', '\t"os"', '', '\t"github.com/samber/lo"'),
  },
  {
    file: 'kwok/main.go',
    why: 'the version can be asked (2 of 2: before anything else)',
    find: 'func main() {\n',
    put: `func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("karpenter v" + operator.Version)
		os.Exit(0)
	}
`,
  },
  {
    file: 'pkg/operator/operator.go',
    why: 'it listens on the address of its pod (1 of 3: imports)',
    find: '\t"net/http/pprof"\n',
    put: '\t"net/http/pprof"\n\t"os"\n',
  },
  {
    file: 'pkg/operator/operator.go',
    why: 'it listens on the address of its pod: on all addresses it would take port 8080 from every pod of the machine (2 of 3: metrics)',
    find: 'fmt.Sprintf(":%d", options.FromContext(ctx).MetricsPort)',
    put: 'fmt.Sprintf("%s:%d", os.Getenv("MATCHDAY_NATIVE_ADDRESS"), options.FromContext(ctx).MetricsPort)',
  },
  {
    file: 'pkg/operator/operator.go',
    why: 'it listens on the address of its pod (3 of 3: probes)',
    find: 'fmt.Sprintf(":%d", options.FromContext(ctx).HealthProbePort)',
    put: 'fmt.Sprintf("%s:%d", os.Getenv("MATCHDAY_NATIVE_ADDRESS"), options.FromContext(ctx).HealthProbePort)',
  },
  {
    file: 'kwok/cloudprovider/cloudprovider.go',
    why: 'a node has the name of its NodeClaim, which is short enough for the sockets of a kubelet (1 of 3: the name)',
    find: 'newName := fmt.Sprintf("kwok-%s-%s-%d", nodeClaim.Name, kwokutils.RandomName(), rand.Uint32())',
    put: 'newName := nodeClaim.Name',
  },
  {
    file: 'kwok/cloudprovider/cloudprovider.go',
    why: 'a node has the name of its NodeClaim (2 of 3: an import that is not used any more)',
    find: '\t"math/rand"\n',
    put: '',
  },
  {
    file: 'kwok/cloudprovider/cloudprovider.go',
    why: 'a node has the name of its NodeClaim (3 of 3: an import that is not used any more)',
    find: '\tkwokutils "sigs.k8s.io/karpenter/kwok/utils"\n',
    put: '',
  },
]

/** Modules whose source is changed before they are built. */
export const CHANGED: Readonly<
  Partial<Record<GoModule, { readonly path: string; readonly replacements: readonly Replacement[] }>>
> = {
  kubernetes: { path: 'k8s.io/kubernetes', replacements: KUBERNETES_REPLACEMENTS },
  keda: { path: 'github.com/kedacore/keda/v2', replacements: KEDA_REPLACEMENTS },
  karpenter: { path: 'sigs.k8s.io/karpenter', replacements: KARPENTER_REPLACEMENTS },
  'gateway-api': { path: 'sigs.k8s.io/gateway-api/conformance', replacements: GATEWAY_REPLACEMENTS },
}

/** The replacements in the code of this program; undefined if its module has none. */
export const replacementsIn = ({ module, name }: Pick<Tool, 'module' | 'name'>): readonly Replacement[] | undefined =>
  CHANGED[module]?.replacements.filter(({ only }) => only === undefined || only === name)

/** Changes the files below `folder`. @throws ToolchainError if a text does not occur exactly once */
export function applyReplacements(folder: string, replacements: readonly Replacement[]): void {
  for (const { file, find, put, why } of replacements) {
    const path = join(folder, file)
    const before = readFileSync(path, 'utf8')
    const occurrences = before.split(find).length - 1
    if (occurrences !== 1) {
      throw new ToolchainError({
        code: 'upstream-changed',
        problem: `${file} has the text to be replaced ${occurrences} times instead of once (${why}).`,
        next: 'this version needs its replacement looked at: src/toolchain/replacements.ts.',
      })
    }
    writeFileSync(
      path,
      before.replace(find, () => put),
    )
  }
}
