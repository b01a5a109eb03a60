package e2e_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
)

// whoIsThere returns what each instance of the service "work" answers.
func whoIsThere(t testing.TB, c *rpcclient.Client, limit time.Duration) map[string]rpcclient.Answer[string] {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	answers := make(map[string]rpcclient.Answer[string])
	for answer := range rpcclient.All[string](ctx, c, "work.who") {
		answers[answer.Instance] = answer
	}
	return answers
}

// allThere waits until so many instances answer, and nobody else is expected to.
func allThere(t testing.TB, c *rpcclient.Client, instances int) {
	t.Helper()
	eventually(t, fmt.Sprintf("answers of %d instances", instances), func() error {
		answers := whoIsThere(t, c, patience)
		for instance, answer := range answers {
			if answer.Err != nil || answer.Value != instance {
				return fmt.Errorf("instance %s answered %q, %v", instance, answer.Value, answer.Err)
			}
		}
		if len(answers) != instances {
			return fmt.Errorf("%d instances answered", len(answers))
		}
		return nil
	})
}

func TestACallToAllInstancesNamesAServerThatWasKilledAndWaitsForNoDeadline(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		c := n.client(rpcclient.Config{})
		servers := []*process{n.launchWorker(), n.launchWorker(), n.launchWorker()}
		allThere(t, c, 3)
		n.link(t, c, "work", 3)
		killed := servers[1]
		killed.kill()
		began := time.Now()
		eventually(t, "an error of the killed server, and answers of the others", func() error {
			answers := whoIsThere(t, c, patience)
			for _, p := range servers {
				instance := p.words[0]
				answer, named := answers[instance]
				switch {
				case !named:
					t.Fatalf("nothing is said of instance %s; answers %v", instance, answers)
				case p != killed && (answer.Err != nil || answer.Value != instance):
					t.Errorf("instance %s answered %q, %v; want its name", instance, answer.Value, answer.Err)
				case p == killed && helium.CodeOf(answer.Err) != helium.CodeUnavailable:
					t.Errorf("the killed server: %v, want that it is unavailable", answer.Err)
				case p == killed && helium.OutcomeOf(answer.Err) != helium.NotExecuted:
					return fmt.Errorf("the killed server: %w", answer.Err) // NATS hadn't noticed yet
				}
			}
			return nil
		})
		if took := time.Since(began); took > soon {
			t.Errorf("it took %v until the killed server was named, want milliseconds", took)
		}
	})
}
