package diagnose

import "testing"

func TestVersionsOfServersAreCompared(t *testing.T) {
	for version, older := range map[string]bool{
		"2.10.29": true, "2.9.0": true, "1.4.1": true, "2.11.0": false, "2.15.2": false, "3.0.0": false, "2.12.0-RC.1": false, "": false, "dev": false,
	} {
		if got := olderThan(version, oldestServer); got != older {
			t.Errorf("olderThan(%q, %s) = %t, want %t", version, oldestServer, got, older)
		}
	}
}
