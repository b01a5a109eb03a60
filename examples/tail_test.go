package examples_test

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheTailShowsTheLinesOfThreeLogsOfItsOwnAndEnds(t *testing.T) {
	t.Parallel()
	tail := start(t, "tail")
	tail.awaitExit(0)
	for _, log := range []string{"web.log ", "shop.log", "mail.log"} {
		tail.await(`(?m)^` + log + `  line 1\n(.*\n)*` + log + `  line 4$`)
	}
}

func TestTheTailFollowsLogsThatAreWrittenMeanwhile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.log")
	if err := os.WriteFile(path, []byte("there before\nbegun"), 0o600); err != nil {
		t.Fatal(err)
	}
	tail := start(t, "tail", path)
	tail.await(`(?m)^a\.log     there before$`)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(" and ended\nlast\n"); err != nil {
		t.Fatal(err)
	}
	tail.await(`(?m)^a\.log     begun and ended\na\.log     last$`)
}

func TestALogThatIsntThereIsTold(t *testing.T) {
	t.Parallel()
	tail := start(t, "tail", filepath.Join(t.TempDir(), "absent.log"))
	tail.awaitExit(1)
	tail.await(`no such file|cannot find`)
}
