package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"k8s.io/mount-utils"
)

// newMounter mounts nothing: each container gets its own view of the machine's files from the runtime. Where this process has mounts of its own, an
// emptyDir with "medium: Memory" is really in memory, with the size limit that the pod asks for.
func newMounter(wanted settings) mount.Interface {
	fake := mount.NewFakeMounter(nil)
	if wanted.podNetworkOnLoopback {
		return fake
	}
	return memoryVolumes{fake}
}

type memoryVolumes struct{ *mount.FakeMounter }

// The kubelet puts Secrets and the like into such volumes too, below other folders. They stay files.
const memoryVolumeFolder = "kubernetes.io~empty-dir"

func (m memoryVolumes) MountSensitiveWithoutSystemd(source, target, kind string, options, sensitive []string) error {
	if kind != "tmpfs" || !strings.Contains(target, memoryVolumeFolder) {
		return m.FakeMounter.MountSensitiveWithoutSystemd(source, target, kind, options, sensitive)
	}
	// The kernel takes this option only outside of user namespaces. Where root has mapped all ids, the kubelet cannot tell that it is inside one.
	options = slices.DeleteFunc(slices.Clone(options), func(option string) bool { return option == "noswap" })
	if err := syscall.Mount("tmpfs", target, "tmpfs", 0, strings.Join(options, ",")); err != nil {
		return fmt.Errorf("a volume in memory at %s: %w", target, err)
	}
	return nil
}

func (m memoryVolumes) Unmount(target string) error {
	if !isMounted(target) {
		return m.FakeMounter.Unmount(target)
	}
	// Lazily: a container that is ending may still have files open.
	return syscall.Unmount(target, syscall.MNT_DETACH)
}

func (m memoryVolumes) IsLikelyNotMountPoint(path string) (bool, error) {
	if isMounted(path) {
		return false, nil
	}
	return m.FakeMounter.IsLikelyNotMountPoint(path)
}

func (m memoryVolumes) IsMountPoint(path string) (bool, error) {
	unlikely, err := m.IsLikelyNotMountPoint(path)
	return !unlikely && err == nil, err
}

// isMounted asks the kernel, because a restarted kubelet finds what the one before it mounted.
func isMounted(path string) bool {
	if !strings.Contains(path, memoryVolumeFolder) {
		return false
	}
	here, err := deviceOf(path)
	if err != nil {
		return false
	}
	above, err := deviceOf(filepath.Dir(path))
	return err == nil && here != above
}

func deviceOf(path string) (uint64, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return 0, err
	}
	found, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, fmt.Errorf("%s has no device", path)
	}
	return found.Dev, nil
}
