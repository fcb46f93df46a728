package client

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// shelf is what a refresh has read of one kind of object in one company.
type shelf[T any] struct {
	budget *refreshBudget

	mu     sync.Mutex
	off    bool   // the lists can't be read, or not as they have to be
	moment uint64 // of changes.now, when what is kept was read
	// kept has the objects of the lists, and pages which part of the list each page was. absent are the objects that were asked for by name, and
	// are in no list.
	kept   map[objectKey]keptObject[T]
	pages  map[int]pageSpan
	end    int // the number of the last page; unknownEnd: not known
	absent map[objectKey]time.Time
	// load is what is being read; nil: nothing is. waiting is what else was asked for since.
	load    *shelfLoad
	waiting map[objectKey]bool
}

const unknownEnd = -1

type keptObject[T any] struct {
	value   T
	version Version
	until   time.Time
}

// pageSpan is from where to where a page goes.
type pageSpan struct {
	first, last objectKey
	until       time.Time
}

// shelfLoad is one request for a list: for a page of it, or for some objects by ID.
type shelfLoad struct {
	page   int       // 0: by ID
	key    objectKey // that it was begun for
	moment uint64
	done   chan struct{} // closed when it has ended
}

// shelfStep is what a read is to do next; one of its fields is set.
type shelfStep[T any] struct {
	object *keptObject[T]
	alone  bool
	wait   <-chan struct{}
	load   *shelfLoad
}

func newShelf[T any](budget *refreshBudget) *shelf[T] {
	kept := &shelf[T]{budget: budget}
	kept.forget(0)
	return kept
}

// forget empties the shelf, for what is read from that moment on.
func (s *shelf[T]) forget(moment uint64) {
	s.moment, s.end = moment, unknownEnd
	s.kept, s.pages, s.absent = map[objectKey]keptObject[T]{}, map[int]pageSpan{}, map[objectKey]time.Time{}
}

// next decides how a read goes on. While a list is being read, everybody waits for it. Else the next page is read, the one that should have the
// object, if the budget has one left; if not, as at first and in a company far larger than what is asked for, what waits at the moment is asked
// for by ID.
func (s *shelf[T]) next(key objectKey, moment uint64, now time.Time) shelfStep[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case moment < s.moment: // this read began before a change, and others went on after it
		return shelfStep[T]{alone: true}
	case moment > s.moment:
		s.forget(moment)
	}
	s.expire(now)
	if object, found := s.kept[key]; found && now.Before(object.until) {
		return shelfStep[T]{object: &object}
	}
	if s.off || now.Before(s.absent[key]) {
		return shelfStep[T]{alone: true}
	}
	if s.load != nil {
		s.waiting[key] = true
		return shelfStep[T]{wait: s.load.done}
	}
	page, listed := s.place(key)
	if !listed {
		return shelfStep[T]{alone: true}
	}
	if !s.budget.page() {
		page = 0
	}
	s.load = &shelfLoad{page: page, key: key, moment: moment, done: make(chan struct{})}
	s.waiting = map[objectKey]bool{key: true}
	return shelfStep[T]{load: s.load}
}

// expire forgets the pages that are too old. Objects are looked at one by one.
func (s *shelf[T]) expire(now time.Time) {
	maps.DeleteFunc(s.pages, func(_ int, span pageSpan) bool { return !now.Before(span.until) })
	if len(s.pages) == 0 {
		s.end = unknownEnd
	}
}

// place returns the page on which an object should be, by those that were read. It is false when there is no such page: the object
// would be on one that was read, or between two that follow each other.
func (s *shelf[T]) place(key objectKey) (page int, listed bool) {
	lower, upper := 0, 0 // the nearest pages that were read before and after it; 0: none
	for number, span := range s.pages {
		switch {
		case span.last.compare(key) < 0:
			lower = max(lower, number)
		case span.first.compare(key) > 0 && (upper == 0 || number < upper):
			upper = number
		case span.first.compare(key) <= 0:
			return 0, false
		}
	}
	if upper > 0 && upper <= lower+1 || s.end != unknownEnd && lower >= s.end {
		return 0, false
	}
	most := s.end
	if upper > 0 {
		most = upper - 1
	}
	if most == unknownEnd {
		return lower + 1, true
	}
	return min(max(lower+1, s.guess(key, lower, upper)), most), true
}

// guess is the page of an object when IDs lie evenly: between the pages before and after it, or as on the pages before it.
func (s *shelf[T]) guess(key objectKey, lower, upper int) int {
	from := s.pages[lower].last.id // 0 when there is no page before
	if upper > 0 {
		width := s.pages[upper].first.id - from
		return lower + 1 + int(float64(key.id-from)/float64(max(width, 1))*float64(upper-1-lower))
	}
	if lower == 0 {
		return 1
	}
	return lower + 1 + int(float64(key.id-from-1)/(float64(from)/float64(lower)))
}

// gathered returns the objects that a request by ID is for: those that are waited for.
func (s *shelf[T]) gathered(load *shelfLoad) []objectKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := slices.SortedFunc(maps.Keys(s.waiting), objectKey.compare)
	if len(keys) > refreshBatch {
		keys = append(keys[:refreshBatch-1:refreshBatch-1], load.key)
	}
	return keys
}

// shelfPage is what a request for a list brought.
type shelfPage[T any] struct {
	objects map[objectKey]keptObject[T]
	span    pageSpan    // of a page; the zero span when it was empty
	last    int         // the number of the last page, as far as the answer told; unknownEnd: it didn't
	wanted  []objectKey // of a request by ID
	until   time.Time
}

// finish ends a load and lets everybody go on who waits for it. A page of nil brought nothing that can be used; off says that there is no
// use in asking again.
func (s *shelf[T]) finish(load *shelfLoad, page *shelfPage[T], moment uint64, off bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(load.done)
	s.load = nil
	s.off = s.off || off
	if page == nil || moment != load.moment || s.moment != load.moment {
		return
	}
	maps.Copy(s.kept, page.objects)
	for _, key := range page.wanted {
		if _, found := page.objects[key]; !found {
			s.absent[key] = page.until
		}
	}
	switch {
	case load.page == 0:
	case len(page.objects) == 0:
		s.end = load.page - 1
	default:
		s.pages[load.page] = page.span
		s.end = page.last
	}
}
