package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// answer of a check: why names the step that the kernel refused.
type answer struct {
	OK  bool   `json:"ok"`
	Why string `json:"why,omitempty"`
}

// check tries once, in namespaces that are gone a moment later, because no setting of the kernel tells for sure.
func check() error {
	child := inNamespaces([]string{"check-inside"})
	output, err := child.CombinedOutput()
	found := answer{OK: err == nil}
	if err != nil {
		found.Why = strings.TrimSpace(string(output))
		if found.Why == "" {
			found.Why = fmt.Sprintf("new user and network namespaces: %v", err)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}

func checkInside() error {
	for _, step := range []struct {
		what string
		try  func() error
	}{
		{"mounts of its own", func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") }},
		{"a file system in memory", func() error { return unix.Mount("tmpfs", "/tmp", "tmpfs", 0, "") }},
		{"a network with addresses", func() error { return setUpNode(labPlan{Addresses: []string{"10.99.0.1"}}) }},
		{"a link between two networks", tryLink},
		{"packet rules (nftables)", tryRules},
		{"a host name", func() error { return unix.Sethostname([]byte("check")) }},
	} {
		if err := step.try(); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
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
