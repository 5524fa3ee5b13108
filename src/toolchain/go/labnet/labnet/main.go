// labnet makes the namespaces of a lab on this machine: the lab's own network, and one network for each pod. It is started by the lab and
// holds no state: everything it makes lives in namespaces of the lab, and goes with the lab's last process.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
)

const usage = `usage:
  labnet check                        can this user make the namespaces? prints {"ok":false,"why":"…"} or
                                      {"ok":true,"processes":{…}}, which says the same of a PID namespace
  labnet lab PLAN -- PROGRAM…         runs the program in a network of the lab's own; PLAN is JSON
  labnet pod PLAN                     makes the network of a pod
  labnet forget PLAN                  removes the network of a pod
  labnet end FOLDER                   unmounts what is mounted below the folder: networks of pods, volumes in memory
  labnet run FILE -- PROGRAM…         runs the program in a pod, by the plan in the file
  labnet join PID FILE -- PROGRAM…    runs the program beside another one of a pod
  labnet rules                        replaces the packet rules of the lab by those on standard input
  labnet --version
`

func main() {
	// Namespaces belong to a thread. Every command here works on the first one and never leaves it.
	runtime.LockOSThread()
	if len(os.Args) < 2 {
		fail(2, "%s", usage)
	}
	if err := command(os.Args[1], os.Args[2:]); err != nil {
		fail(1, "labnet %s: %v\n", os.Args[1], err)
	}
}

func command(name string, words []string) error {
	switch name {
	case "--version":
		fmt.Println("labnet", version())
		return nil
	case "check":
		return check()
	case "check-inside":
		return checkInside(words)
	case "lab":
		return enterLab(words)
	case "lab-inside":
		return startInside(words)
	case "pod":
		return withPlan(words, addPod)
	case "forget":
		return withPlan(words, forgetPod)
	case "end":
		return unmountBelow(first(words))
	case "run":
		return runInPod(words)
	case "join":
		return joinPod(words)
	case "rules":
		return replaceRules(os.Stdin)
	}
	fail(2, "%s", usage)
	return nil
}

// version is that of the netlink module, the only one that labnet pins: its own source is part of the key of the build's cache.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/vishvananda/netlink" {
				return module.Version
			}
		}
	}
	return "unknown"
}

func withPlan[P any](words []string, act func(P) error) error {
	if len(words) < 1 {
		return fmt.Errorf("the plan is missing")
	}
	plan, err := parsed[P](words[0])
	if err != nil {
		return err
	}
	return act(plan)
}

func parsed[P any](text string) (P, error) {
	var plan P
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		return plan, fmt.Errorf("the plan cannot be read: %w", err)
	}
	return plan, nil
}

// program takes the words after "--".
func program(words []string) ([]string, error) {
	for at, word := range words {
		if word == "--" && at+1 < len(words) {
			return words[at+1:], nil
		}
	}
	return nil, fmt.Errorf("the program after -- is missing")
}

func fail(code int, format string, words ...any) {
	fmt.Fprintf(os.Stderr, format, words...)
	os.Exit(code)
}
