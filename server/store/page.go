package store

import "math"

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	// Total counts the items of all pages.
	Total int
}

// PageRequest says which page: Number counts from 1, Size is the most items on it.
type PageRequest struct {
	Number int
	Size   int
}

// Offset is how many items come before the page. Where that is more than an int holds, it is the most that one holds:
// such a page is empty either way.
func (p PageRequest) Offset() int {
	if p.Size > 0 && p.Number-1 > math.MaxInt/p.Size {
		return math.MaxInt
	}
	return (p.Number - 1) * p.Size
}

// Sort orders a list. Objects that are equal under it come in the order of their ids.
type Sort string

// The orders. SortByID is what a list has unless told.
const (
	SortByID            Sort = ""
	SortByName          Sort = "name"
	SortByNameDesc      Sort = "-name"
	SortByCreatedAt     Sort = "created_at"
	SortByCreatedAtDesc Sort = "-created_at"
)
