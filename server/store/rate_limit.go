package store

import (
	"context"
	"time"
)

// RateWindows is where the servers of one database share out how many requests an account may make in a window. A server
// takes a part of them at a time and counts within it, so that most requests wait for no database.
type RateWindows interface {
	// TakeRequests takes a part of what nobody has taken yet, and returns how many are left for others. It takes none where
	// none is left, and writes nothing then.
	TakeRequests(ctx context.Context, part RatePart) (taken, left int, err error)
	// ForgetRateWindows forgets windows that have ended long ago, a few in one transaction. More says that there may be
	// others.
	ForgetRateWindows(ctx context.Context) (more bool, err error)
}

// RatePart is what a server asks of a window.
type RatePart struct {
	// API is which of an account's counts it is for.
	API     string
	Account ID
	// Ends names the window, of which there is one a minute by whoever's clock.
	Ends time.Time
	// Limit is how many requests there are in the window for all servers, and Wanted how many this one would like to have.
	// It gets no more than a part of what is left (RateShare).
	Limit, Wanted int
}

// RateShare says how much of what is left one server gets at a time: an eighth, and one at least. So the parts get smaller
// as the end comes near, and little lies with a server that doesn't need it while another one has to refuse.
const RateShare = 8

// RateWindowsKept is for how long a window is kept after its end: a server whose clock is behind by less than this finds
// what the others took.
const RateWindowsKept = 10 * time.Minute
