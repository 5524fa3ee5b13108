package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// runPlan is the surroundings of one container.
type runPlan struct {
	// Network: the file of the pod's network namespace; empty for the node's own network.
	Network string `json:"network"`
	// HostName of the pod.
	HostName string `json:"hostName"`
	// Root of the container; absent: the machine's.
	Root *rootPlan `json:"root"`
	// User to become; absent: the user who runs the lab.
	User *user `json:"user"`
	// Folder to start in.
	Folder string `json:"folder"`
	// Env of the program, NAME=value.
	Env []string `json:"env"`
}

type bind struct {
	From     string `json:"from"`
	To       string `json:"to"`
	ReadOnly bool   `json:"readOnly"`
	// Alone: without what is mounted below it.
	Alone bool `json:"alone"`
}

type user struct {
	ID     int   `json:"uid"`
	Group  int   `json:"gid"`
	Groups []int `json:"groups"`
}

// plannedIn reads a plan from a file. It is no word of the command, because everybody may read those.
func plannedIn(path string) (runPlan, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return runPlan{}, err
	}
	return parsed[runPlan](string(text))
}

// runInPod becomes the container's program. It keeps this process's id, so whoever started labnet has started the program.
func runInPod(words []string) error {
	plan, err := plannedIn(first(words))
	if err != nil {
		return err
	}
	argv, err := program(words)
	if err != nil {
		return err
	}
	if err := enterNetwork(plan.Network); err != nil {
		return err
	}
	if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_NEWUTS); err != nil {
		return fmt.Errorf("mounts and a host name of its own: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if plan.HostName != "" {
		if err := unix.Sethostname([]byte(plan.HostName)); err != nil {
			return fmt.Errorf("host name: %w", err)
		}
	}
	if plan.Root != nil {
		if err := plan.Root.enter(); err != nil {
			return fmt.Errorf("file system: %w", err)
		}
	}
	return becomeUser(plan, argv)
}

func enterNetwork(path string) error {
	if path == "" {
		return nil
	}
	return enter(path, unix.CLONE_NEWNET)
}

func enter(path string, kind int) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if err := unix.Setns(int(file.Fd()), kind); err != nil {
		return fmt.Errorf("entering %s: %w", path, err)
	}
	return nil
}

func mountBind(one bind) error {
	flags := uintptr(unix.MS_BIND | unix.MS_REC)
	if one.Alone {
		flags = unix.MS_BIND
	}
	if err := unix.Mount(one.From, one.To, "", flags, ""); err != nil {
		return fmt.Errorf("%s at %s: %w", one.From, one.To, err)
	}
	if !one.ReadOnly {
		return nil
	}
	return readOnly(one.To)
}

// joinPod runs a program in the surroundings of a running process of the pod.
func joinPod(words []string) error {
	pid, err := strconv.Atoi(first(words))
	if err != nil || len(words) < 2 {
		return fmt.Errorf("a process id and a plan are needed")
	}
	plan, err := plannedIn(words[1])
	if err != nil {
		return err
	}
	argv, err := program(words)
	if err != nil {
		return err
	}
	if err := awaitArrival(pid); err != nil {
		return err
	}
	// A thread may change its mounts only if it shares its root and current folder with no other thread.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return err
	}
	for _, one := range []struct {
		name string
		kind int
	}{{"net", unix.CLONE_NEWNET}, {"uts", unix.CLONE_NEWUTS}, {"mnt", unix.CLONE_NEWNS}} {
		if err := enter(fmt.Sprintf("/proc/%d/ns/%s", pid, one.name), one.kind); err != nil {
			return err
		}
	}
	return becomeUser(plan, argv)
}

// A container's main process needs some milliseconds to become its program.
const (
	arriveWithin = 10 * time.Second
	lookEvery    = 5 * time.Millisecond
)

// awaitArrival waits until the process has namespaces of its own and runs another program than this one, so that all of them are complete.
func awaitArrival(pid int) error {
	const mounts = "/proc/%s/ns/mnt"
	ours, err := os.Readlink(fmt.Sprintf(mounts, "self"))
	if err != nil {
		return err
	}
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(arriveWithin); ; time.Sleep(lookEvery) {
		theirs, err := os.Readlink(fmt.Sprintf(mounts, strconv.Itoa(pid)))
		if err != nil {
			return fmt.Errorf("process %d of the container: %w", pid, err)
		}
		program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if theirs != ours && err == nil && program != self {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("process %d of the container does not start", pid)
		}
	}
}

// becomeUser gives up everything that the container must not have, and becomes its program.
func becomeUser(plan runPlan, argv []string) error {
	if err := dropRights(plan.User); err != nil {
		return err
	}
	if plan.Folder != "" {
		if err := unix.Chdir(plan.Folder); err != nil {
			return fmt.Errorf("folder %s: %w", plan.Folder, err)
		}
	}
	if err := os.Setenv("PATH", pathIn(plan.Env)); err != nil {
		return err
	}
	return become(argv, plan.Env)
}

// pathIn is where the container looks for its program, not this process.
func pathIn(environment []string) string {
	for _, entry := range environment {
		if path, found := strings.CutPrefix(entry, "PATH="); found {
			return path
		}
	}
	return "/usr/local/bin:/usr/bin:/bin"
}

// dropRights uses the calls of the kernel on this thread only: the other threads of this process end with the exec.
func dropRights(wanted *user) error {
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up capabilities: %w", err)
	}
	if wanted != nil {
		groups := make([]uint32, len(wanted.Groups)+1)
		for at, group := range wanted.Groups {
			groups[at] = uint32(group)
		}
		if _, _, code := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(wanted.Groups)), uintptr(unsafe.Pointer(&groups[0])), 0); code != 0 {
			return fmt.Errorf("groups: %w", code)
		}
		group, id := uintptr(wanted.Group), uintptr(wanted.ID)
		if _, _, code := unix.RawSyscall(unix.SYS_SETRESGID, group, group, group); code != 0 {
			return fmt.Errorf("group %d: %w", wanted.Group, code)
		}
		if _, _, code := unix.RawSyscall(unix.SYS_SETRESUID, id, id, id); code != 0 {
			return fmt.Errorf("user %d: %w", wanted.ID, code)
		}
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	none := [2]unix.CapUserData{}
	if err := unix.Capset(&header, &none[0]); err != nil {
		return fmt.Errorf("giving up capabilities: %w", err)
	}
	return nil
}
