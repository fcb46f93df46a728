package modeltest

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// The tests play for some seconds each, unless told otherwise:
//
//	MODEL_SEQUENCES=10m go test ./server/modeltest -run Sequence -v -timeout 0
//	MODEL_CONCURRENT=5m go test ./server/modeltest -run 'Acknowledged|Fight' -race -timeout 0
//	MODEL_SEED=123 go test ./server/modeltest -run Sequence    # what failed with that seed, again

func setting(t *testing.T, name string, otherwise time.Duration) time.Duration {
	t.Helper()
	given := os.Getenv(name)
	if given == "" {
		return otherwise
	}
	length, err := time.ParseDuration(given)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return length
}

// operationsPlayed is how many operations a sequence has.
const operationsPlayed = 150

// newSequence returns the sequence of a seed.
func newSequence(seed uint64) sequence {
	random := rand.New(rand.NewPCG(seed, seed))
	s := sequence{dates: random.Uint64() % 12}
	for range operationsPlayed {
		s.seeds = append(s.seeds, random.Uint64())
	}
	return s
}

func TestEveryAnswerOfARandomSequenceIsTheModels(t *testing.T) {
	t.Parallel()
	seed, seen, sequences := uint64(time.Now().UnixNano()), map[string]int{}, 0
	deadline := time.Now().Add(setting(t, "MODEL_SEQUENCES", 10*time.Second))
	if given := os.Getenv("MODEL_SEED"); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("MODEL_SEED: %v", err)
		}
		deadline = time.Now()
	}
	for ; sequences == 0 || time.Now().Before(deadline); sequences++ {
		s := newSequence(seed)
		if failure, _ := s.run(t, seen); failure != "" {
			small := s.shrunk(t, setting(t, "MODEL_SHRINK", time.Minute))
			again, script := small.run(t, map[string]int{})
			t.Fatalf("after %d sequences, with MODEL_SEED=%d: %s\n\nThe script, cut down from %d operations to %d:\n%s\n%s",
				sequences, seed, failure, len(s.seeds), len(small.seeds), script, again)
		}
		seed++
	}
	t.Logf("%d sequences", sequences)
	report(t, seen)
}
