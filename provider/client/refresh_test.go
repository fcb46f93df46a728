package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"path"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// company is a fakeAPI's company of many accounts, more than a real server makes in a moment.
type company struct {
	ids []int64

	mu       sync.Mutex
	requests int
	listed   int // accounts that the answers had
}

// newCompany has so many accounts, with gaps between their IDs.
func newCompany(count int) *company {
	chance := rand.New(rand.NewPCG(1, 2)) // the same gaps every time
	made, id := &company{}, int64(0)
	for range count {
		id += 1 + int64(chance.IntN(4))
		made.ids = append(made.ids, id)
	}
	return made
}

func (c *company) counted(objects int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	c.listed += objects
}

func (c *company) answer(w http.ResponseWriter, r *http.Request) {
	object := func(id int64) map[string]any {
		return map[string]any{"id": strconv.FormatInt(id, 10), "company_id": "1"}
	}
	if id, err := strconv.ParseInt(path.Base(r.URL.Path), 10, 64); err == nil {
		c.counted(1)
		writeJSON(w, http.StatusOK, map[string]any{"data": object(id)})
		return
	}
	query := r.URL.Query()
	found := c.ids
	if wanted := query["filters[id][]"]; wanted != nil {
		found = slices.DeleteFunc(slices.Clone(c.ids), func(id int64) bool { return !slices.Contains(wanted, strconv.FormatInt(id, 10)) })
	}
	page, _ := strconv.Atoi(query.Get("page"))
	w.Header().Set("Total", strconv.Itoa(len(found)))
	from := min(max(page-1, 0)*1000, len(found))
	found = found[from:min(from+1000, len(found))]
	items, etags := []any{}, []string{}
	for _, id := range found {
		items, etags = append(items, object(id)), append(etags, `"`+strconv.FormatInt(id, 10)+`"`)
	}
	c.counted(len(items))
	writeJSON(w, http.StatusOK, map[string]any{"data": items, "etags": etags})
}

// refreshAll reads accounts as Terraform does, ten at once, and fails the test for one that is another than was asked for.
func refreshAll(t *testing.T, client *Client, ids []int64) {
	t.Helper()
	queue := make(chan int64)
	var running sync.WaitGroup
	for range 10 {
		running.Go(func() {
			for id := range queue {
				text := strconv.FormatInt(id, 10)
				if account, err := client.RefreshServiceAccount(t.Context(), "1", text); err != nil || account.ID != text {
					t.Errorf("account %s: %+v, %v", text, account, err)
				}
			}
		})
	}
	for _, id := range ids {
		queue <- id
	}
	close(queue)
	running.Wait()
}

func TestWhatARefreshReadsStaysInProportionToWhatWasAskedFor(t *testing.T) {
	many := newCompany(50_000)
	scattered := slices.Clone(many.ids)
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(scattered), func(i, j int) {
		scattered[i], scattered[j] = scattered[j], scattered[i]
	})
	neighbours := slices.Clone(many.ids[30_000:31_000])
	rand.New(rand.NewPCG(5, 6)).Shuffle(len(neighbours), func(i, j int) {
		neighbours[i], neighbours[j] = neighbours[j], neighbours[i]
	})
	for name, test := range map[string]struct {
		ids              []int64
		requests, listed int // at most
	}{
		"three of many": {scattered[:3], 3, 3},
		"ten of many":   {scattered[:10], 10, 10},
		"a thousand one after the other, of many": {neighbours, 24, 20_000},
		"a thousand of many, scattered":           {scattered[:1000], 200, 70_000},
	} {
		t.Run(name, func(t *testing.T) {
			many.requests, many.listed = 0, 0
			refreshAll(t, newFakeAPI(t, many.answer).client(t), test.ids)
			if many.requests > test.requests || many.listed > test.listed {
				t.Errorf("%d requests for %d accounts, which brought %d; want %d and %d at most",
					many.requests, len(test.ids), many.listed, test.requests, test.listed)
			}
		})
	}
}

func TestARefreshForgetsWhatIsOld(t *testing.T) {
	few := newCompany(100)
	client := newFakeAPI(t, few.answer).client(t)
	var later time.Duration
	begin := time.Now()
	client.now = func() time.Time { return begin.Add(later) }
	refreshAll(t, client, few.ids)
	before := few.requests
	refreshAll(t, client, few.ids)
	if few.requests != before {
		t.Errorf("%d requests for what was just read", few.requests-before)
	}
	later = refreshLife
	refreshAll(t, client, few.ids)
	if few.requests == before {
		t.Errorf("after %s nothing was read again", refreshLife)
	}
}

func TestAReadThatWaitsForAListEndsWithItsContext(t *testing.T) {
	few := newCompany(100)
	arrived, leave := make(chan struct{}), make(chan struct{})
	client := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "" {
			close(arrived)
			<-leave
		}
		few.answer(w, r)
	}).client(t, func(config *Config) { config.MaxRetries = 0 })
	refreshAll(t, client, few.ids[:refreshAlone])
	var running sync.WaitGroup
	running.Go(func() { refreshAll(t, client, few.ids[10:11]) })
	<-arrived
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.RefreshServiceAccount(ctx, "1", strconv.FormatInt(few.ids[20], 10)); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	close(leave)
	running.Wait()
}

func TestAListThatWasBegunBeforeAChangeIsNotKeptForReadsAfterIt(t *testing.T) {
	var changes changes
	budget := refreshBudget{asked: 1000}
	kept, now, key := newShelf[Project](&budget), time.Now(), objectKey{id: 1}
	before, _ := changes.now()
	load := kept.next(key, before, now).load
	changes.begin()
	changes.end(nil)
	after, _ := changes.now()
	if kept.next(key, after, now).wait == nil {
		t.Fatal("a second read doesn't wait for the list")
	}
	kept.finish(load, &shelfPage[Project]{
		objects: map[objectKey]keptObject[Project]{key: {until: now.Add(time.Hour)}}, span: pageSpan{key, key, now.Add(time.Hour)}, last: 1,
	}, after, false)
	if kept.next(key, after, now).object != nil {
		t.Error("what was read before a change is given to a read after it")
	}
}

func TestAfterAChangeOfUnknownOutcomeEveryReadGoesAlone(t *testing.T) {
	few := newCompany(100)
	client := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			panic(http.ErrAbortHandler)
		}
		few.answer(w, r)
	}).client(t, func(config *Config) { config.MaxRetries = 0 })
	refreshAll(t, client, few.ids)
	if _, err := client.UpdateServiceAccount(t.Context(), "1", "1", ServiceAccountChanges{}); err == nil {
		t.Fatal("no error")
	}
	few.requests = 0
	refreshAll(t, client, few.ids)
	if few.requests != len(few.ids) {
		t.Errorf("%d requests for %d accounts", few.requests, len(few.ids))
	}
}
