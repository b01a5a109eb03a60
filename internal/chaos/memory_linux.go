package chaos

import "syscall"

// tmpfsMagic is what statfs says of a tmpfs.
const tmpfsMagic = 0x01021994

// isInMemory reports whether a folder is on a file system in memory that has so many bytes free.
func isInMemory(folder string, room uint64) bool {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err != nil {
		return false
	}
	return int64(fs.Type) == tmpfsMagic && fs.Bavail*uint64(fs.Bsize) >= room
}
