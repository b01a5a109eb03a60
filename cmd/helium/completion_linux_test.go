package main

import (
	"strings"
	"testing"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/mathsvc"
)

func TestTheTabKeyCompletesInABashWithoutAnyPackage(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "math", mathsvc.New())
	t.Setenv("NATS_URL", url)
	t.Setenv("PS1", "> ")
	p := openPage(t, 100, 20, "bash", "--norc", "--noprofile", "-i")
	shows := func(text string) func(string) bool {
		return func(screen string) bool { return strings.Contains(screen, text) }
	}
	p.press("source <(helium completion bash); echo re''ady\n")
	p.awaits("that the script was read", shows("ready"))
	p.press("helium cal\t")
	p.awaits("the command", shows("helium call"))
	p.press("ma\t")
	p.awaits("what all methods begin with", shows("helium call math."))
	p.press("di\t")
	screen := p.awaits("the method", shows("helium call math.div"))
	if strings.Contains(screen, "not found") {
		t.Errorf("the screen shows\n%s\nwant no error", screen)
	}
	p.press("\x15exit\n")
	p.ends()
}
