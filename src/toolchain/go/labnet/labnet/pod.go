package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// podPlan is the network of one pod. Each pod hangs on a wire of its own (veth); the node routes between them, so that all packets pass
// the node's rules and a Service's answers find their way back.
type podPlan struct {
	// Namespace: a file that stands for the network namespace, and keeps it while no process of the pod runs.
	Namespace string `json:"namespace"`
	// Address of the pod, 10.244.1.9.
	Address string `json:"address"`
	// Link: the name of the node's end of the wire, at most 15 characters.
	Link string `json:"link"`
	// Node: the address from which the node itself calls pods, 10.244.0.1.
	Node string `json:"node"`
}

// gateway is what a pod takes for its router. It is link-local, so it is no address of the cluster, and every wire's node end has it.
const gateway = "169.254.1.1"

// addPod may be called again for a pod that has its network.
func addPod(plan podPlan) error {
	if isNamespace(plan.Namespace) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(plan.Namespace), 0o755); err != nil {
		return err
	}
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	defer func() { _ = home.Close() }()
	if err := keepNewNetwork(plan.Namespace); err != nil {
		return err
	}
	inside, err := os.Open(plan.Namespace)
	if err != nil {
		return err
	}
	defer func() { _ = inside.Close() }()
	if err := setUpInside(plan, home); err != nil {
		return fmt.Errorf("inside the pod: %w", err)
	}
	if err := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	return setUpOutside(plan)
}

// keepNewNetwork moves this thread into a new network namespace and binds it to a file.
func keepNewNetwork(path string) error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("a network namespace: %w", err)
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_ = file.Close()
	if err := unix.Mount("/proc/thread-self/ns/net", path, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("keeping the network namespace: %w", err)
	}
	return nil
}

// setUpInside makes the wire from inside the pod: the node's end is created in the node's network.
func setUpInside(plan podPlan, node *os.File) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return err
	}
	wire := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: plan.Link, PeerNamespace: netlink.NsFd(node.Fd())}
	if err := netlink.LinkAdd(wire); err != nil {
		return fmt.Errorf("the wire %s: %w", plan.Link, err)
	}
	if err := addAddress(wire, plan.Address); err != nil {
		return err
	}
	if err := netlink.LinkSetUp(wire); err != nil {
		return err
	}
	router := net.ParseIP(gateway)
	toRouter := &netlink.Route{LinkIndex: wire.Index, Scope: netlink.SCOPE_LINK, Dst: single(router)}
	if err := netlink.RouteAdd(toRouter); err != nil {
		return fmt.Errorf("the route to the node: %w", err)
	}
	all := &netlink.Route{LinkIndex: wire.Index, Gw: router, Dst: &net.IPNet{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}}
	if err := netlink.RouteAdd(all); err != nil {
		return fmt.Errorf("the default route: %w", err)
	}
	// A pod's program may listen on port 80, as in any container runtime.
	return set("net/ipv4/ip_unprivileged_port_start", "0")
}

func setUpOutside(plan podPlan) error {
	wire, err := netlink.LinkByName(plan.Link)
	if err != nil {
		return fmt.Errorf("the node's end of the wire: %w", err)
	}
	if err := addAddress(wire, gateway); err != nil {
		return err
	}
	if err := netlink.LinkSetUp(wire); err != nil {
		return err
	}
	toPod := &netlink.Route{LinkIndex: wire.Attrs().Index, Scope: netlink.SCOPE_LINK, Dst: single(net.ParseIP(plan.Address)), Src: net.ParseIP(plan.Node)}
	if err := netlink.RouteReplace(toPod); err != nil {
		return fmt.Errorf("the route to the pod: %w", err)
	}
	return nil
}

func single(ip net.IP) *net.IPNet { return &net.IPNet{IP: ip.To4(), Mask: net.CIDRMask(32, 32)} }

// forgetPod removes the wire at once, also while a process of the pod still runs.
func forgetPod(plan podPlan) error {
	if wire, err := netlink.LinkByName(plan.Link); err == nil {
		if err := netlink.LinkDel(wire); err != nil {
			return err
		}
	}
	if err := unix.Unmount(plan.Namespace, unix.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOENT) {
		return err
	}
	if err := os.Remove(plan.Namespace); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// isNamespace tells a kept namespace from the empty file that a killed labnet left.
func isNamespace(path string) bool {
	var found unix.Statfs_t
	const nsFileSystem = 0x6e736673 // NSFS_MAGIC, linux/magic.h
	return unix.Statfs(path, &found) == nil && found.Type == nsFileSystem
}

// unmountBelow lets a folder be deleted: the files of the pods' networks, and volumes in memory.
func unmountBelow(folder string) error {
	real, err := filepath.EvalSymlinks(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	for _, path := range mountedBelow(string(table), real) {
		if err := unix.Unmount(path, unix.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOENT) {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// mountedBelow reads proc_pid_mountinfo(5): the fifth field is the mount point, in which blanks and the like are octal. The latest mounts come first,
// because they may lie on others.
func mountedBelow(table, folder string) []string {
	blanks := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	below := folder + "/"
	var found []string
	for _, line := range strings.Split(table, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		if path := blanks.Replace(fields[4]); strings.HasPrefix(path, below) {
			found = append([]string{path}, found...)
		}
	}
	return found
}
