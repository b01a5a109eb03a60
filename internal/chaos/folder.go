package chaos

import "os"

const (
	// memoryFolder is where Linux has a file system in memory that everybody may use.
	memoryFolder = "/dev/shm"
	// memoryRoom is how much has to be free there for a run, in bytes. The ledgers of the longest ones are
	// some 100 MB, and what brokers keep is less.
	memoryRoom = 1 << 30
)

// newFolder makes the folder of a run: below keep, which it makes, too, or with "" where writing waits for
// no disk, if there is such a place with room. A disk that stands still for a moment would hold up the
// handlers that write down that they run, and the run would tell of that and not of Helium.
func newFolder(keep string) (string, error) {
	if keep != "" {
		if err := os.MkdirAll(keep, 0o755); err != nil {
			return "", err
		}
		return temporaryBelow(keep)
	}
	if isInMemory(memoryFolder, memoryRoom) {
		if folder, err := temporaryBelow(memoryFolder); err == nil {
			return folder, nil
		}
	}
	return temporaryBelow(os.TempDir())
}

func temporaryBelow(folder string) (string, error) { return os.MkdirTemp(folder, "helium-chaos-") }
