package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// answer of a check: why names the step that the kernel refused.
type answer struct {
	OK  bool   `json:"ok"`
	Why string `json:"why,omitempty"`
	// Processes: may the lab have a PID namespace too? Absent where it can have no namespaces at all.
	Processes *answer `json:"processes,omitempty"`
}

// check tries once, in namespaces that are gone a moment later, because no setting of the kernel tells for sure.
func check() error {
	found := try(inNamespaces([]string{"check-inside", ownProcesses}, syscall.CLONE_NEWPID))
	if found.OK {
		found.Processes = &answer{OK: true}
	} else {
		// It may be the PID namespace that is refused, or its /proc: containers hide parts of /proc, and then the kernel mounts no other one.
		without := try(inNamespaces([]string{"check-inside"}, 0))
		if without.OK {
			without.Processes = &answer{Why: found.Why}
		}
		found = without
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}

func try(child *exec.Cmd) answer {
	output, err := child.CombinedOutput()
	if err == nil {
		return answer{OK: true}
	}
	why := strings.TrimSpace(string(output))
	if why == "" {
		why = fmt.Sprintf("new namespaces: %v", err)
	}
	return answer{Why: why}
}

func checkInside(words []string) error {
	steps := []step{
		{"mounts of its own", func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") }},
		{"a file system in memory", func() error { return unix.Mount("tmpfs", "/tmp", "tmpfs", 0, "") }},
		{"a network with addresses", func() error { return setUpNode(labPlan{Addresses: []string{"10.99.0.1"}}) }},
		{"a link between two networks", tryLink},
		{"packet rules (nftables)", tryRules},
		{"a host name", func() error { return unix.Sethostname([]byte("check")) }},
	}
	if first(words) == ownProcesses {
		steps = append(steps, step{"a /proc of its own", mountProc})
	}
	for _, step := range steps {
		if err := step.try(); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

type step struct {
	what string
	try  func() error
}

func tryLink() error {
	return netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "check0"}, PeerName: "check1"})
}

func tryRules() error {
	connection := &nftables.Conn{}
	table := connection.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "check"})
	connection.AddChain(&nftables.Chain{Name: "nat", Table: table, Type: nftables.ChainTypeNAT, Hooknum: nftables.ChainHookPrerouting, Priority: nftables.ChainPriorityNATDest})
	connection.AddChain(&nftables.Chain{Name: "filter", Table: table, Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookForward, Priority: nftables.ChainPriorityFilter})
	return connection.Flush()
}
