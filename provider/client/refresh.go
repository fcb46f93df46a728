package client

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// A plan asks for every object that its state has, one by one. Over a network that is a round trip each, so these reads are served from
// few lists. What makes that safe:
//
//   - A list only ever says what an object is. One that is not in it, or not in it with an ETag, is asked for alone: it takes the
//     answer to a GET of its own to say that an object is gone.
//   - Each request of this client that may change something empties what was read, before it is sent and after it was answered. A list that
//     was read meanwhile is not used (see changes).
//   - What was read is forgotten after refreshLife, so that it is hardly older than what a GET of each would have found.
//   - A list that fails is not asked for again, and says nothing: each read then goes alone, with its own answer or error.
//
// What is read stays in proportion to what was asked for, see shelf.next. Only the reads of a refresh go this way; what looks before it
// changes something asks for itself.

const (
	// refreshLife bounds how old an answer from a list is, from when the list was asked for.
	refreshLife = 10 * time.Second
	// refreshAlone is how many reads go alone, before it is worth asking for several at once.
	refreshAlone = 3
	// refreshShare is how many reads it takes for each page of a list. A page costs the server about as much as a hundred reads, and the
	// client a single round trip.
	refreshShare = 16
	// refreshBatch bounds the IDs in one request: about 4 KiB of URL, where proxies begin to refuse at 8.
	refreshBatch = 100
	// refreshGather is how long the first read of a batch waits for others: Terraform asks for several within a moment.
	refreshGather = 2 * time.Millisecond
	// refreshTries bounds how many lists one read waits for before it goes alone.
	refreshTries = 12
)

// refreshBudget keeps what is read in proportion to what was asked for, of all kinds of objects together.
type refreshBudget struct {
	mu    sync.Mutex
	asked int // reads
	pages int // that were read for them
}

// ask counts a read, and returns how many there were with it.
func (b *refreshBudget) ask() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	return b.asked
}

// page takes a page, if there is one left.
func (b *refreshBudget) page() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked < refreshShare*(b.pages+1) {
		return false
	}
	b.pages++
	return true
}

// objectKey names an object among those of its kind in a company, in the order of their lists: an account or a project by its ID, a membership
// by its account's and its project's.
type objectKey struct{ id, within int64 }

// newObjectKey returns the key for one ID or two; false for what is none.
func newObjectKey(ids ...string) (key objectKey, valid bool) {
	for i, id := range ids {
		if !IsID(id) {
			return objectKey{}, false
		}
		number, _ := strconv.ParseInt(id, 10, 64)
		if i == 0 {
			key.id = number
		} else {
			key.within = number
		}
	}
	return key, true
}

func (k objectKey) compare(other objectKey) int {
	return cmp.Or(cmp.Compare(k.id, other.id), cmp.Compare(k.within, other.within))
}

// refreshed is an object that a refresh reads, by way of a list.
type refreshed[T any] interface {
	listed
	// as returns the object with its version, and with nothing in it that another reader could change.
	as(version Version) T
}

// refresher serves the reads of one kind of object from lists of it.
type refresher[T refreshed[T]] struct {
	client *Client
	list   string // the path's element after the company: "service_accounts"
	filter string // of the list, by the first ID of an object: "filters[id][]"

	mu        sync.Mutex
	companies map[string]*shelf[T]
}

func newRefresher[T refreshed[T]](c *Client, list, filter string) *refresher[T] {
	return &refresher[T]{client: c, list: list, filter: filter, companies: map[string]*shelf[T]{}}
}

// shelf returns what was read of a company.
func (r *refresher[T]) shelf(companyID string) *shelf[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.companies[companyID] == nil {
		r.companies[companyID] = newShelf[T](&r.client.budget)
	}
	return r.companies[companyID]
}

// get returns an object that a list has; false: ask for it alone. The only error is that of a context that ended.
func (r *refresher[T]) get(ctx context.Context, companyID string, ids ...string) (object T, found bool, err error) {
	key, valid := newObjectKey(ids...)
	if !valid || !IsID(companyID) {
		return object, false, nil
	}
	kept := r.shelf(companyID)
	if r.client.budget.ask() <= refreshAlone {
		return object, false, nil
	}
	for range refreshTries {
		moment, changing := r.client.changes.now()
		if changing {
			return object, false, nil
		}
		step := kept.next(key, moment, r.client.now())
		switch {
		case step.object != nil:
			return step.object.value.as(step.object.version), true, nil
		case step.alone:
			return object, false, nil
		case step.wait != nil:
			select {
			case <-step.wait:
			case <-ctx.Done():
				return object, false, errorFromTransport(ctx, ctx.Err())
			}
		default:
			if err := r.load(ctx, companyID, kept, step.load); err != nil {
				return object, false, err
			}
		}
	}
	return object, false, nil
}

// load reads a list, and puts what it has on the shelf. Only a context that ended is an error.
func (r *refresher[T]) load(ctx context.Context, companyID string, kept *shelf[T], load *shelfLoad) error {
	var page *shelfPage[T]
	var off bool
	defer func() {
		moment, _ := r.client.changes.now()
		kept.finish(load, page, moment, off)
	}()
	query, wanted := url.Values{"per_page": {strconv.Itoa(pageSize)}}, []objectKey(nil)
	if load.page > 0 {
		query.Set("page", strconv.Itoa(load.page))
	} else {
		if err := pause(ctx, refreshGather); err != nil {
			return errorFromTransport(ctx, err)
		}
		wanted = kept.gathered(load)
		for _, key := range wanted {
			query.Add(r.filter, strconv.FormatInt(key.id, 10))
		}
	}
	var err error
	page, err = r.read(ctx, companyID, query)
	if failure := (*Error)(nil); errors.As(err, &failure) && failure.Origin == OriginCaller {
		return err
	}
	if off = err != nil; !off {
		page.wanted = wanted
	}
	return nil
}

// pause waits for so long, or until the context ends, whose error it returns.
func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read reads one page of a list, by ID. A list without an ETag for each of its objects, as a server gives that has no bulk refresh, is an
// error; so is one in another order.
func (r *refresher[T]) read(ctx context.Context, companyID string, query url.Values) (*shelfPage[T], error) {
	var items []T
	var etags []string
	until := r.client.now().Add(refreshLife)
	header, err := r.client.do(ctx, request{
		method: http.MethodGet, companyID: companyID, path: companyPath(companyID, r.list), query: query, data: &items, etags: &etags,
	})
	if err == nil {
		err = checkPage(items, nil, companyID)
	}
	if err != nil {
		return nil, err
	}
	if len(etags) != len(items) {
		return nil, strangeList("has no ETag for each of its objects")
	}
	page := &shelfPage[T]{objects: make(map[objectKey]keptObject[T], len(items)), last: lastPage(header), until: until}
	version := versionOf(header)
	for i, item := range items {
		_, ids := item.names()
		key, _ := newObjectKey(ids...)
		if i > 0 && key.compare(page.span.last) <= 0 {
			return nil, strangeList("is not in the order of its IDs")
		}
		if i == 0 {
			page.span = pageSpan{first: key, until: until}
		}
		page.span.last = key
		if etags[i] != "" {
			page.objects[key] = keptObject[T]{item, Version{ETag: etags[i], At: version.At}, until}
		}
	}
	return page, nil
}

// lastPage is the number of a list's last page, by how many items all of its pages have.
func lastPage(header http.Header) int {
	total, err := strconv.Atoi(header.Get("Total"))
	if err != nil {
		return unknownEnd
	}
	size := pageSize
	if less, err := strconv.Atoi(header.Get("Per-Page")); err == nil && less > 0 {
		size = less
	}
	return (total + size - 1) / size
}
