package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownProcesses tells a try inside that it is process 1 of a PID namespace.
const ownProcesses = "own-processes"

// mountProc shows the processes of this PID namespace at /proc, and hides the machine's.
func mountProc() error {
	return unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
}

// beFirst is process 1 of the lab. It starts the program, waits for every process that lost its parent, and ends with the program: then the kernel
// ends all other processes of the lab. The program itself is not process 1, because Node waits only for its own children.
func beFirst(argv []string, sockets int) error {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	// Before the start, because a process 1 without a handler ignores signals, and the program would inherit no default action for them.
	caught := make(chan os.Signal, 8)
	signal.Notify(caught, passedOn...)
	pid, err := syscall.ForkExec(path, argv, &syscall.ProcAttr{Env: os.Environ(), Files: descriptors(sockets)})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	// Only the program may hold them, so that it can close them.
	for socket := range sockets {
		_ = syscall.Close(firstSocket + socket)
	}
	go passOn(caught, pid)
	return waitForAll(pid)
}

const firstSocket = 3

// descriptors 0, 1 and 2, and the sockets.
func descriptors(sockets int) []uintptr {
	all := make([]uintptr, firstSocket+sockets)
	for at := range all {
		all[at] = uintptr(at)
	}
	return all
}

// waitForAll is the only wait of this process. It does not return while the program runs.
func waitForAll(program int) error {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("waiting for processes: %w", err)
		}
		if pid == program {
			os.Exit(codeOf(status))
		}
	}
}

// codeOf is what a shell would report.
func codeOf(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
