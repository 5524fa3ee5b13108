package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// labPlan is what a lab needs of its network.
type labPlan struct {
	// Listen: addresses of the machine, where the lab is reached from outside. The program gets the listening sockets as descriptors 3, 4, …
	// in this order. They are made before the program enters its network, so connections come from the machine's.
	Listen []string `json:"listen"`
	// Addresses: the node's own, in the lab's network: 10.99.0.11.
	Addresses []string `json:"addresses"`
	// Routes: blocks that the node takes for its own. The rules send Services on; what is left is nobody's, and gets no answer.
	Routes []string `json:"routes"`
	// Caller: the address from which the node itself calls them.
	Caller string `json:"caller"`
	// OwnProcesses: in a PID namespace of its own.
	OwnProcesses bool `json:"ownProcesses"`
}

// portsVariable tells the program the ports of its sockets, because a plan may ask for port 0.
const portsVariable = "MATCHDAY_LAB_PORTS"

// enterLab starts the program in new namespaces, passes signals on, and ends with its exit code. When this process is killed, so is the program.
// In a PID namespace of its own, so is everything that the program started.
func enterLab(words []string) error {
	plan, err := parsed[labPlan](first(words))
	if err != nil {
		return err
	}
	argv, err := program(words)
	if err != nil {
		return err
	}
	files, ports, err := listeners(plan.Listen)
	if err != nil {
		return err
	}
	more := uintptr(0)
	if plan.OwnProcesses {
		more = syscall.CLONE_NEWPID
	}
	child := inNamespaces(append([]string{"lab-inside", words[0], "--"}, argv...), more)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.ExtraFiles = files
	child.Env = append(os.Environ(), portsVariable+"="+strings.Join(ports, ","))
	if err := child.Start(); err != nil {
		return err
	}
	for _, file := range files {
		_ = file.Close()
	}
	caught := make(chan os.Signal, 8)
	signal.Notify(caught, passedOn...)
	go passOn(caught, child.Process.Pid)
	err = child.Wait()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		if status, ok := ended.Sys().(syscall.WaitStatus); ok {
			os.Exit(codeOf(status))
		}
	}
	return err
}

func first(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

var passedOn = []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP}

func passOn(caught <-chan os.Signal, pid int) {
	for which := range caught {
		if known, ok := which.(syscall.Signal); ok {
			_ = syscall.Kill(pid, known)
		}
	}
}

// takenError is told in JSON, so that the caller can say who has the address.
func listeners(addresses []string) (files []*os.File, ports []string, err error) {
	for _, address := range addresses {
		listener, err := net.Listen("tcp4", address)
		if err != nil {
			told, _ := json.Marshal(map[string]any{"address": address, "inUse": errors.Is(err, syscall.EADDRINUSE), "why": err.Error()})
			return nil, nil, fmt.Errorf("cannot listen: %s", told)
		}
		file, err := listener.(*net.TCPListener).File()
		if err != nil {
			return nil, nil, err
		}
		_, port, _ := net.SplitHostPort(listener.Addr().String())
		_ = listener.Close() // the duplicate stays open
		files, ports = append(files, file), append(ports, port)
	}
	return files, ports, nil
}

const namespaces = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC

// inNamespaces prepares this program to run again in new namespaces. Users keep their numbers: root all of them, anybody else only the own
// one, which is all that the kernel allows. The capabilities count only for what belongs to the new namespaces. `more` are flags of clone(2).
func inNamespaces(words []string, more uintptr) *exec.Cmd {
	child := exec.Command("/proc/self/exe", words...)
	uid, gid := os.Getuid(), os.Getgid()
	attributes := &syscall.SysProcAttr{Cloneflags: namespaces | more, Pdeathsig: syscall.SIGKILL}
	if uid == 0 {
		const all = 1<<32 - 1
		attributes.UidMappings = []syscall.SysProcIDMap{{Size: all}}
		attributes.GidMappings = []syscall.SysProcIDMap{{Size: all}}
		attributes.GidMappingsEnableSetgroups = true
	} else {
		attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
		// A program of a user other than root keeps capabilities over an exec only if they are ambient.
		for capability := uintptr(0); capability <= unix.CAP_LAST_CAP; capability++ {
			attributes.AmbientCaps = append(attributes.AmbientCaps, capability)
		}
	}
	child.SysProcAttr = attributes
	return child
}

// startInside sets the lab's network up and becomes the program. As process 1 of a PID namespace it starts the program instead.
func startInside(words []string) error {
	plan, err := parsed[labPlan](first(words))
	if err != nil {
		return err
	}
	argv, err := program(words)
	if err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mounts of its own: %w", err)
	}
	if plan.OwnProcesses {
		if err := mountProc(); err != nil {
			return fmt.Errorf("a /proc of its own: %w", err)
		}
	}
	if err := setUpNode(plan); err != nil {
		return err
	}
	if plan.OwnProcesses {
		return beFirst(argv, len(plan.Listen))
	}
	return become(argv, os.Environ())
}

// settings of a network of its own. Packets are routed between pods; no address is ever checked against the way back, because all pods
// hang on one machine.
var nodeSettings = map[string]string{
	"net/ipv4/ip_forward":                 "1",
	"net/ipv4/conf/all/rp_filter":         "0",
	"net/ipv4/conf/default/rp_filter":     "0",
	"net/ipv4/ip_unprivileged_port_start": "0",
	// The kernel's own ICMP redirects would tell pods about a shorter way that does not exist.
	"net/ipv4/conf/all/send_redirects":     "0",
	"net/ipv4/conf/default/send_redirects": "0",
}

func setUpNode(plan labPlan) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	for _, address := range plan.Addresses {
		if err := addAddress(lo, address); err != nil {
			return err
		}
	}
	for name, value := range nodeSettings {
		if err := set(name, value); err != nil {
			return err
		}
	}
	for _, block := range plan.Routes {
		_, network, err := net.ParseCIDR(block)
		if err != nil {
			return err
		}
		route := &netlink.Route{LinkIndex: lo.Attrs().Index, Dst: network, Src: net.ParseIP(plan.Caller)}
		if err := netlink.RouteAdd(route); err != nil {
			return fmt.Errorf("route to %s: %w", block, err)
		}
	}
	return nil
}

func addAddress(link netlink.Link, address string) error {
	ip := net.ParseIP(address).To4()
	if ip == nil {
		return fmt.Errorf("%q is no IPv4 address", address)
	}
	wanted := &netlink.Addr{IPNet: &net.IPNet{IP: ip, Mask: net.CIDRMask(32, 32)}}
	if err := netlink.AddrAdd(link, wanted); err != nil && !errors.Is(err, syscall.EEXIST) {
		return fmt.Errorf("address %s: %w", address, err)
	}
	return nil
}

func set(name, value string) error {
	if err := os.WriteFile("/proc/sys/"+name, []byte(value), 0o644); err != nil {
		return fmt.Errorf("setting %s: %w", name, err)
	}
	return nil
}

func become(argv, environment []string) error {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", path, syscall.Exec(path, argv, environment))
}
