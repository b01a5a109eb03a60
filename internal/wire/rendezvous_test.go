package wire

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"testing"

	"github.com/helium-rpc/helium/internal/vectors"
)

// rendezvousFile is testdata/vectors/rendezvous.json.
type rendezvousFile struct {
	About  string
	Hashes []struct{ Text, Hash string }
	Picks  []struct {
		Key     string
		Weights map[string]string
		Order   []string
	}
}

func readRendezvous(t *testing.T) (file rendezvousFile) {
	t.Helper()
	vectors.Read(t, "../../testdata/vectors/rendezvous.json", &file)
	if len(file.Hashes) < 10 || len(file.Picks) < 10 {
		t.Fatalf("%d hashes, %d picks; the vectors are incomplete", len(file.Hashes), len(file.Picks))
	}
	return file
}

// order returns instances in the order in which a key takes them.
func order(key string, instances []string) []string {
	hash, weights := Hash(key), make(map[string]uint64, len(instances))
	for _, name := range instances {
		weights[name] = Weight(hash, Hash(name))
	}
	return slices.SortedFunc(slices.Values(instances), func(a, b string) int {
		return cmp.Or(-cmp.Compare(weights[a], weights[b]), cmp.Compare(a, b))
	})
}

func TestKeysPickTheInstancesOfTheVectors(t *testing.T) {
	file := readRendezvous(t)
	for _, v := range file.Hashes {
		if got := fmt.Sprintf("%016x", Hash(v.Text)); got != v.Hash {
			t.Errorf("Hash(%.40q) = %s, want %s", v.Text, got, v.Hash)
		}
	}
	for _, v := range file.Picks {
		for instance, want := range v.Weights {
			if got := fmt.Sprintf("%016x", Weight(Hash(v.Key), Hash(instance))); got != want {
				t.Errorf("the weight of %q for %q = %s, want %s", instance, v.Key, got, want)
			}
		}
		if got := order(v.Key, slices.Sorted(slices.Values(v.Order))); !slices.Equal(got, v.Order) {
			t.Errorf("%q takes %v, want %v", v.Key, got, v.Order)
		}
	}
}

func TestAHashIsFNV1aMixed(t *testing.T) {
	for _, text := range []string{"", "a", "customer-7", "Grüße", string(make([]byte, 1000))} {
		h := fnv.New64a()
		h.Write([]byte(text))
		if got, want := Hash(text), mix(h.Sum64()); got != want {
			t.Errorf("Hash(%.20q) = %x, want %x", text, got, want)
		}
	}
}

// The keys and names of tests of a spread: what programs number one after the other, which a
// poor hash spreads worst.
func instanceNames(n int) (names []string) {
	for i := range n {
		names = append(names, "i"+strconv.Itoa(i))
	}
	return names
}

func TestKeysSpreadEvenly(t *testing.T) {
	const keys = 5_000
	for _, n := range []int{2, 3, 5, 10, 50} {
		for _, form := range []string{"%d", "customer-%d", "%08d", "a long prefix that all of them have in common %d"} {
			counts := make(map[string]int)
			for i := range keys {
				counts[order(fmt.Sprintf(form, i), instanceNames(n))[0]]++
			}
			// The sum of squares is that of a chi-square distribution with n-1 degrees of
			// freedom: mean n-1, variance 2(n-1). Seven deviations leave room for no accident.
			expected, chi := float64(keys)/float64(n), 0.0
			for _, name := range instanceNames(n) {
				d := float64(counts[name]) - expected
				chi += d * d / expected
			}
			if df := float64(n - 1); (chi-df)*(chi-df) > 49*2*df {
				t.Errorf("%q over %d instances: chi-square %.1f, want about %.0f; %v", form, n, chi, df, counts)
			}
		}
	}
}

func TestOnlyTheKeysOfAnInstanceThatGoesMove(t *testing.T) {
	for n := 2; n <= 12; n++ {
		all := instanceNames(n)
		for i := range 100 {
			key := fmt.Sprint("customer-", i)
			before := order(key, all)
			for gone := range all {
				// Backwards it is the move when an instance comes: to that one, or none.
				after := order(key, slices.Delete(slices.Clone(all), gone, gone+1))
				if want := slices.DeleteFunc(slices.Clone(before), func(s string) bool { return s == all[gone] }); !slices.Equal(after, want) {
					t.Fatalf("%q takes %v, and without %s %v, want %v", key, before, all[gone], after, want)
				}
			}
		}
	}
}
