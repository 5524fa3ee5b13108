package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"golang.org/x/sys/unix"
)

// rootPlan is the file system of a container: this machine's, with the container's volumes in it. Nothing of it is written to the machine,
// where most mount points do not exist: the root is in memory, and holds the machine's folders by bind mounts.
type rootPlan struct {
	// At: an empty folder, over which the root is made. Only this container sees it.
	At string `json:"at"`
	// Binds: volumes and single files, with absolute paths in the container.
	Binds []bind `json:"binds"`
	// Memory: folders of the container's own that are kept in memory.
	Memory []string `json:"memory"`
	// Copies: small files that the container may change or move away, with absolute paths in the container.
	Copies []bind `json:"copies"`
	// ReadOnly: everything but the binds.
	ReadOnly bool `json:"readOnly"`
	// Owner may write in the root itself; absent: the user who runs the lab.
	Owner *user `json:"owner"`
}

// place is a folder on the way to a mount point that this machine does not have.
type place struct {
	children map[string]*place
	isMount  bool
}

func (plan rootPlan) enter() error {
	options := "mode=0755"
	if plan.Owner != nil {
		options += fmt.Sprintf(",uid=%d,gid=%d", plan.Owner.ID, plan.Owner.Group)
	}
	if err := unix.Mount("tmpfs", plan.At, "tmpfs", 0, options); err != nil {
		return fmt.Errorf("a root in memory: %w", err)
	}
	binds, ways := plan.resolved()
	if err := graft("/", plan.At, ways); err != nil {
		return err
	}
	for _, one := range plan.Copies {
		if err := plan.copyFile(one); err != nil {
			return err
		}
	}
	if plan.ReadOnly {
		if err := seal(plan.At, binds); err != nil {
			return err
		}
	}
	for _, folder := range plan.Memory {
		if err := mountMemory(plan.At, folder); err != nil {
			return err
		}
	}
	if err := mountTerminals(plan.At); err != nil {
		return err
	}
	for _, one := range binds {
		one.To = filepath.Join(plan.At, one.To)
		if err := makeTarget(one, plan.At); err != nil {
			return err
		}
		if err := mountBind(one); err != nil {
			return err
		}
	}
	return pivot(plan.At)
}

func (plan rootPlan) copyFile(one bind) error {
	info, err := os.Stat(one.From)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(one.From)
	if err != nil {
		return err
	}
	to := filepath.Join(plan.At, one.To)
	if err := os.WriteFile(to, content, info.Mode().Perm()); err != nil {
		return err
	}
	if plan.Owner == nil {
		return nil
	}
	return os.Chown(to, plan.Owner.ID, plan.Owner.Group)
}

// seal makes everything read-only that is there so far. Mount points must be made before; those in another volume are made in it later.
func seal(root string, binds []bind) error {
	for at, one := range binds {
		if isBelowAny(one.To, binds[:at]) {
			continue
		}
		one.To = filepath.Join(root, one.To)
		if err := makeTarget(one, root); err != nil {
			return err
		}
	}
	return readOnly(root)
}

func isBelowAny(path string, binds []bind) bool {
	for _, one := range binds {
		if strings.HasPrefix(path, one.To+"/") {
			return true
		}
	}
	return false
}

// resolved sorts the binds so that a volume comes before those in it, and finds the folders that must be made for them.
func (plan rootPlan) resolved() ([]bind, *place) {
	ways := &place{}
	binds := make([]bind, 0, len(plan.Binds))
	for _, one := range plan.Binds {
		one.To = plan.placeOf(filepath.Clean(one.To))
		binds = append(binds, one)
	}
	sort.SliceStable(binds, func(a, b int) bool { return len(binds[a].To) < len(binds[b].To) })
	for at, one := range binds {
		if !isSame(one) && !isBelowAny(one.To, binds[:at]) {
			ways.add(one.To)
		}
	}
	return binds, ways
}

func (way *place) add(path string) {
	for _, step := range strings.Split(strings.Trim(path, "/"), "/") {
		if way.isMount {
			return // below another volume, which is there when its turn comes
		}
		if way.children == nil {
			way.children = map[string]*place{}
		}
		if way.children[step] == nil {
			way.children[step] = &place{}
		}
		way = way.children[step]
	}
	way.isMount = true
}

// placeOf follows the links of this machine, but not in another volume: what the machine has at such a path, the container does not see.
func (plan rootPlan) placeOf(path string) string {
	around := path
	for _, one := range plan.Binds {
		to := filepath.Clean(one.To)
		if strings.HasPrefix(path, to+"/") && len(to) < len(around) {
			around = to
		}
	}
	return onMachine(around) + path[len(around):]
}

// onMachine follows the machine's links, such as /var/run to /run, as far as the path exists.
func onMachine(path string) string {
	known, rest := path, ""
	for known != "/" {
		if real, err := filepath.EvalSymlinks(known); err == nil {
			return filepath.Join(real, rest)
		}
		known, rest = filepath.Dir(known), filepath.Join(filepath.Base(known), rest)
	}
	return path
}

// isSame says that the machine has a file where a file belongs, or a folder where a folder belongs: it can be covered as it is.
func isSame(one bind) bool {
	from, err := os.Stat(one.From)
	if err != nil {
		return false
	}
	to, err := os.Lstat(one.To)
	return err == nil && from.IsDir() == to.IsDir()
}

// graft shows a folder of the machine at another place, entry by entry where mount points must be made in it.
func graft(from, to string, ways *place) error {
	entries, err := os.ReadDir(from)
	if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrPermission) {
		return err
	}
	seen := map[string]bool{}
	for _, entry := range entries {
		name := entry.Name()
		way := ways.children[name]
		switch {
		case way == nil:
			err = attach(filepath.Join(from, name), filepath.Join(to, name), entry.Type())
		case way.isMount:
			continue
		default:
			seen[name] = true
			err = makeAndGraft(filepath.Join(from, name), filepath.Join(to, name), way)
		}
		if err != nil {
			return err
		}
	}
	for name, way := range ways.children {
		if seen[name] || way.isMount {
			continue
		}
		if err := makeAndGraft(filepath.Join(from, name), filepath.Join(to, name), way); err != nil {
			return err
		}
	}
	return nil
}

func makeAndGraft(from, to string, ways *place) error {
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	return graft(from, to, ways)
}

func attach(from, to string, kind fs.FileMode) error {
	switch {
	case from == "/dev/ptmx":
		return os.Symlink(ownTerminals, to)
	case kind&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case kind.IsDir():
		if err := os.Mkdir(to, 0o755); err != nil {
			return err
		}
	default:
		if err := touch(to); err != nil {
			return err
		}
	}
	err := unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, "")
	// What this user may not even reach, the container could not use either. A file may be gone since it was listed.
	if err != nil && !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("%s: %w", from, err)
	}
	return nil
}

func touch(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return file.Close()
}

// The kernel looks for the terminals of /dev/ptmx in the folder pts beside it. A bind mount of the file has no such folder, so it must be a link.
const ownTerminals = "pts/ptmx"

// mountTerminals gives the container pseudo terminals of its own (devpts(5) of the kernel's documentation).
func mountTerminals(root string) error {
	target, err := os.Readlink(filepath.Join(root, "dev/ptmx"))
	if err != nil || target != ownTerminals {
		return nil // the machine's whole /dev, or none
	}
	options := "newinstance,ptmxmode=0666,mode=0620"
	if err := unix.Mount("devpts", filepath.Join(root, "dev/pts"), "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, options); err != nil {
		return fmt.Errorf("terminals: %w", err)
	}
	return nil
}

func mountMemory(root, folder string) error {
	at := filepath.Join(root, folder)
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	// Everybody may write there, and delete only what is their own, as in /tmp.
	if err := unix.Mount("tmpfs", at, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=1777"); err != nil {
		return fmt.Errorf("%s in memory: %w", folder, err)
	}
	return nil
}

func makeTarget(one bind, root string) error {
	if _, err := os.Lstat(one.To); err == nil {
		return nil
	}
	found, err := os.Stat(one.From)
	if err != nil {
		return err
	}
	folder := one.To
	if !found.IsDir() {
		folder = filepath.Dir(one.To)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("a mount point at %s: %w", strings.TrimPrefix(one.To, root), err)
	}
	if found.IsDir() {
		return nil
	}
	return touch(one.To)
}

func readOnly(path string) error {
	attributes := &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	if err := unix.MountSetattr(unix.AT_FDCWD, path, unix.AT_RECURSIVE, attributes); err != nil {
		return fmt.Errorf("%s read-only: %w", path, err)
	}
	return nil
}

// pivot makes the folder the root, and lets go of the machine's: pivot_root(2), "pivot_root(".", ".")".
func pivot(root string) error {
	if err := unix.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("changing the root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leaving the machine's root: %w", err)
	}
	return unix.Chdir("/")
}
