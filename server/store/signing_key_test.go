package store

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var midday = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// at is a key that signs from some minutes after midday on.
func at(minutes int, longest time.Duration) SigningKey {
	begin := midday.Add(time.Duration(minutes) * time.Minute)
	return SigningKey{ID: fmt.Sprintf("k%d", minutes), CreatedAt: midday, SignAfter: begin, LongestTTL: longest}
}

func states(keys []SigningKey, now time.Time) string {
	texts := make([]string, len(keys))
	for i, key := range keys {
		state, until := KeyStateAt(keys, i, now)
		texts[i] = key.ID + " " + string(state)
		if !until.IsZero() {
			texts[i] += until.Format(" 15:04")
		}
	}
	return strings.Join(texts, ", ")
}

func TestSigningKeyGoesThroughItsStates(t *testing.T) {
	t.Parallel()
	keys := []SigningKey{at(10, 90*time.Minute), at(0, 90*time.Minute)}
	for minutes, want := range map[int]string{
		0:    "k10 pending 12:10, k0 signing",
		9:    "k10 pending 12:10, k0 signing",
		10:   "k10 signing, k0 retiring 13:45",
		104:  "k10 signing, k0 retiring 13:45",
		105:  "k10 signing, k0 ended 13:45",
		9999: "k10 signing, k0 ended 13:45",
		-1:   "k10 pending 12:10, k0 signing", // the clock went back to before the first key
		-999: "k10 pending 12:10, k0 signing",
	} {
		if got := states(keys, midday.Add(time.Duration(minutes)*time.Minute)); got != want {
			t.Errorf("after %d minutes: %s, want %s", minutes, got, want)
		}
	}
	if SigningKeyAt(nil, midday) != -1 {
		t.Error("a key signs where there is none")
	}
}

func TestThereIsAlwaysOneKeyThatSignsAndItIsPublished(t *testing.T) {
	t.Parallel()
	keys := []SigningKey{at(100, time.Hour), at(50, 24*time.Hour), at(50, 0), at(10, time.Minute), at(0, 0)}
	for minutes := -2000; minutes < 4000; minutes++ {
		counts := map[KeyState]int{}
		for i := range keys {
			state, _ := KeyStateAt(keys, i, midday.Add(time.Duration(minutes)*time.Minute))
			counts[state]++
		}
		if counts[KeySigning] != 1 {
			t.Fatalf("after %d minutes: %v", minutes, counts)
		}
	}
}

func TestRotationKeepsWhatTokensNeedAndRemovesWhatHasEnded(t *testing.T) {
	t.Parallel()
	keys := []SigningKey{at(10, time.Hour), at(0, 3*time.Hour), at(-600, 9*time.Hour), at(-900, 99*time.Hour)}
	now := midday.Add(20 * time.Minute)
	next := at(30, 0)
	change := RotateSigningKeys(keys, next, now)
	if len(change.Put) != 1 || change.Put[0].ID != "k30" || strings.Join(change.Remove, ",") != "" {
		t.Errorf("the change is %+v", change)
	}
	// What any living key may have signed counts for the next one.
	if change.Put[0].LongestTTL != 99*time.Hour {
		t.Errorf("the longest token is %s", change.Put[0].LongestTTL)
	}
	now = midday.Add(200 * time.Hour)
	change = RotateSigningKeys(keys, next, now)
	if strings.Join(change.Remove, ",") != "k0,k-600,k-900" || change.Put[0].LongestTTL != time.Hour {
		t.Errorf("later the change is %+v", change)
	}
	if change := PruneSigningKeys(keys, now); strings.Join(change.Remove, ",") != "k0,k-600,k-900" || change.Put != nil {
		t.Errorf("pruning is %+v", change)
	}
	// A clock that is far ahead removes no key that signs.
	if change := PruneSigningKeys(keys[:1], now.AddDate(100, 0, 0)); change.Remove != nil {
		t.Errorf("pruning the only key is %+v", change)
	}
	change = DiscardSigningKeys(keys, next)
	if strings.Join(change.Remove, ",") != "k10,k0,k-600,k-900" || len(change.Put) != 1 {
		t.Errorf("discarding is %+v", change)
	}
}

func TestTokenTTLIsNotedInEveryKeyThatMaySign(t *testing.T) {
	t.Parallel()
	keys := []SigningKey{at(10, time.Hour), at(0, 3*time.Hour), at(-5000, 0), at(-9999, time.Minute)}
	change := NoteTokenTTL(keys, 2*time.Hour, midday)
	if len(change.Put) != 2 || change.Put[0].ID != "k10" || change.Put[0].LongestTTL != 2*time.Hour || change.Put[1].ID != "k-5000" || change.Remove != nil {
		t.Errorf("the change is %+v", change)
	}
	if change := NoteTokenTTL(keys, 0, midday); change.Put != nil {
		t.Errorf("a shorter one changes %+v", change)
	}
}

func TestSealingTakesPlainKeysAndTheOldMasterKeysAndNoOther(t *testing.T) {
	t.Parallel()
	old, next := masterKey(t, 1), masterKey(t, 2)
	plain, other := SigningKey{ID: "a", PrivateKey: []byte("x")}, SigningKey{ID: "b", PrivateKey: []byte("y")}
	sealed, err := old.Seal(other)
	if err != nil {
		t.Fatal(err)
	}
	change, err := SealSigningKeys([]SigningKey{plain, sealed}, old, next)
	if err != nil || len(change.Put) != 2 || change.Remove != nil {
		t.Fatalf("the change is %+v, %v", change, err)
	}
	for i, want := range []string{"x", "y"} {
		if opened, err := next.Open(change.Put[i]); err != nil || string(opened.PrivateKey) != want {
			t.Errorf("key %d: %v", i, err)
		}
	}
	if again, err := SealSigningKeys(change.Put, old, next); err != nil || again.Put != nil {
		t.Errorf("again: %+v, %v", again, err)
	}
	for _, current := range []MasterKey{{}, masterKey(t, 3)} {
		if change, err := SealSigningKeys([]SigningKey{plain, sealed}, current, next); err == nil || change.Put != nil {
			t.Errorf("with %s: %+v, %v", current, change, err)
		}
	}
}
