package main

import (
	"context"
	"runtime"
	"syscall"
	"time"

	cadvisorapi "github.com/google/cadvisor/lib/model"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/kubelet"
	cadvisortesting "k8s.io/kubernetes/pkg/kubelet/cadvisor/testing"
)

type nodeSize struct {
	cpus        int
	memoryBytes uint64
}

func (s nodeSize) capacity() v1.ResourceList {
	return v1.ResourceList{
		v1.ResourceCPU:    *resource.NewQuantity(int64(s.cpus), resource.DecimalSI),
		v1.ResourceMemory: *resource.NewQuantity(int64(s.memoryBytes), resource.BinarySI),
	}
}

// nodeResources stands where cAdvisor would watch cgroups. It says how big the node is, and what it uses: the sum of its containers, as
// the runtime counts them. Without an answer for the root container neither /stats/summary nor /metrics/resource works.
type nodeResources struct {
	cadvisortesting.Fake
	size          nodeSize
	rootDirectory string
	started       time.Time
	dependencies  *kubelet.Dependencies // its runtime service appears while the kubelet starts
}

const rootContainer = "/"

func newNodeResources(size nodeSize, rootDirectory string, dependencies *kubelet.Dependencies) *nodeResources {
	return &nodeResources{size: size, rootDirectory: rootDirectory, started: time.Now(), dependencies: dependencies}
}

func (n *nodeResources) MachineInfo(klog.Logger) (*cadvisorapi.MachineInfo, error) {
	return &cadvisorapi.MachineInfo{NumCores: n.size.cpus, MemoryCapacity: n.size.memoryBytes}, nil
}

func (n *nodeResources) VersionInfo() (*cadvisorapi.VersionInfo, error) {
	var name syscall.Utsname
	kernel := "unknown"
	if err := syscall.Uname(&name); err == nil {
		kernel = text(name.Release[:])
	}
	return &cadvisorapi.VersionInfo{KernelVersion: kernel, ContainerOsVersion: "matchday lab (" + runtime.GOOS + ")"}, nil
}

// ContainerInfoV2 answers for the root container only; pods are counted by the runtime.
func (n *nodeResources) ContainerInfoV2(name string, _ cadvisorapi.RequestOptions) (map[string]cadvisorapi.ContainerInfo, error) {
	if name != rootContainer {
		return map[string]cadvisorapi.ContainerInfo{}, nil
	}
	usage, err := n.usage()
	if err != nil {
		return nil, err
	}
	return map[string]cadvisorapi.ContainerInfo{rootContainer: {
		Spec: cadvisorapi.ContainerSpec{
			CreationTime: n.started,
			HasCpu:       true,
			HasMemory:    true,
			Memory:       cadvisorapi.MemorySpec{Limit: n.size.memoryBytes},
		},
		Stats: []*cadvisorapi.ContainerStats{usage},
	}}, nil
}

func (n *nodeResources) GetRequestedContainersInfo(name string, request cadvisorapi.RequestOptions) (map[string]*cadvisorapi.ContainerInfo, error) {
	found, err := n.ContainerInfoV2(name, request)
	if err != nil {
		return nil, err
	}
	result := make(map[string]*cadvisorapi.ContainerInfo, len(found))
	for name, info := range found {
		result[name] = &info
	}
	return result, nil
}

func (n *nodeResources) usage() (*cadvisorapi.ContainerStats, error) {
	now := time.Now()
	result := &cadvisorapi.ContainerStats{
		Timestamp: now,
		Cpu:       &cadvisorapi.CpuStats{},
		CpuInst:   &cadvisorapi.CpuInstStats{},
		Memory:    &cadvisorapi.MemoryStats{},
	}
	if n.dependencies.RemoteRuntimeService == nil {
		return result, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	containers, err := n.dependencies.RemoteRuntimeService.ListContainerStats(ctx, nil)
	if err != nil {
		return nil, err
	}
	for _, container := range containers {
		result.Cpu.Usage.Total += container.GetCpu().GetUsageCoreNanoSeconds().GetValue()
		result.CpuInst.Usage.Total += container.GetCpu().GetUsageNanoCores().GetValue()
		result.Memory.WorkingSet += container.GetMemory().GetWorkingSetBytes().GetValue()
		result.Memory.Usage += container.GetMemory().GetUsageBytes().GetValue()
		result.Memory.RSS += container.GetMemory().GetRssBytes().GetValue()
	}
	return result, nil
}

func (n *nodeResources) ImagesFsInfo(context.Context) (cadvisorapi.FsInfo, error) {
	return n.fileSystem()
}
func (n *nodeResources) RootFsInfo() (cadvisorapi.FsInfo, error) { return n.fileSystem() }
func (n *nodeResources) ContainerFsInfo(context.Context) (cadvisorapi.FsInfo, error) {
	return n.fileSystem()
}
func (n *nodeResources) GetDirFsInfo(string) (cadvisorapi.FsInfo, error) { return n.fileSystem() }

// fileSystem is the real one that the node's folder lies on.
func (n *nodeResources) fileSystem() (cadvisorapi.FsInfo, error) {
	var found syscall.Statfs_t
	if err := syscall.Statfs(n.rootDirectory, &found); err != nil {
		return cadvisorapi.FsInfo{}, err
	}
	block := uint64(found.Bsize)
	inodes, inodesFree := found.Files, found.Ffree
	return cadvisorapi.FsInfo{
		Timestamp:  time.Now(),
		Device:     "lab",
		Mountpoint: n.rootDirectory,
		Capacity:   found.Blocks * block,
		Available:  found.Bavail * block,
		Usage:      (found.Blocks - found.Bfree) * block,
		Inodes:     &inodes,
		InodesFree: &inodesFree,
	}, nil
}

func text(characters []int8) string {
	var result []byte
	for _, character := range characters {
		if character == 0 {
			break
		}
		result = append(result, byte(character))
	}
	return string(result)
}
