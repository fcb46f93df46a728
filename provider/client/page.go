package client

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// pageSize is the most that the API takes as per_page.
const pageSize = 1000

// list reads a list page by page, each when the items before it are used up; who stops ranging asks for no more. With a most above
// zero no more than that many items are asked for. After an error there is nothing more.
//
// The next page is the one that Link names (RFC 8288) by rel="next"; without Link, Total says whether there is more; and without
// either, which a proxy may have taken out, a full page does. The link itself is not followed: behind a proxy it may name an
// address that can't be reached from here.
//
// A list that can't be the API's is an error: what has no ID can't be imported, and a part must not pass for the whole.
func list[T listed](ctx context.Context, c *Client, request request, most int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		query, size := url.Values{}, perPage(most)
		maps.Copy(query, request.query)
		query.Set("per_page", strconv.Itoa(size))
		call := request
		call.query = query
		var before []T
		for page, seen := 1, 0; ; page++ {
			query.Set("page", strconv.Itoa(page))
			var items []T
			call.data = &items
			header, err := c.do(ctx, call)
			if err == nil {
				err = checkPage(items, before, request.companyID)
			}
			if err != nil {
				yield(none, err)
				return
			}
			for _, item := range items {
				seen++
				if !yield(item, nil) || seen == most {
					return
				}
			}
			switch next := hasNextPage(header, seen, len(items) >= size); {
			case !next:
				return
			case len(items) == 0:
				yield(none, strangeList(fmt.Sprintf("ends after %d objects, and says that there are more", seen)))
				return
			}
			before = items
		}
	}
}

// listed is an object of a list.
type listed interface {
	// names are the company that the object says it is of, empty for none, and its IDs.
	names() (companyID string, ids []string)
}

// checkPage returns an error for a page that the API can't have given.
func checkPage[T listed](items, before []T, companyID string) error {
	for _, item := range items {
		of, ids := item.names()
		if of != "" && companyID != "" && of != companyID {
			return strangeList("has an object of another company")
		}
		if slices.ContainsFunc(ids, func(id string) bool { return !IsID(id) }) {
			return strangeList("has an object whose ID is missing, or none")
		}
	}
	if len(items) > 0 && reflect.DeepEqual(items, before) { // for ever, most likely
		return strangeList("has the same page twice, as when something in between answers for the API without looking at the page's number")
	}
	return nil
}

// strangeList is the error of a list that the API can't have given.
func strangeList(what string) *Error {
	return &Error{
		Origin: OriginOther, Status: http.StatusOK,
		Message: "the list " + what + ": a proxy or another server may stand at the base URL",
	}
}

// IsID reports whether a text is an ID as the API writes it: a whole number from 1 that fits into 63 bits. Another spelling
// of the same number would give one object two names.
func IsID(text string) bool {
	number, err := strconv.ParseInt(text, 10, 64)
	return err == nil && number > 0 && strconv.FormatInt(number, 10) == text
}

// perPage is how many items a page has when most are wanted: what the fewest pages can do with.
func perPage(most int) int {
	if most <= 0 {
		return pageSize
	}
	pages := (most + pageSize - 1) / pageSize
	return (most + pages - 1) / pages
}

// listAll reads every page of a list into one slice.
func listAll[T listed](ctx context.Context, c *Client, request request) ([]T, error) {
	var all []T
	for item, err := range list[T](ctx, c, request, 0) {
		if err != nil {
			return nil, err
		}
		all = append(all, item)
	}
	return all, nil
}

// hasNextPage reports whether a list goes on after the first seen of its items, the last of which fill a page or don't.
func hasNextPage(header http.Header, seen int, full bool) bool {
	if links := header.Values("Link"); len(links) > 0 {
		return strings.Contains(strings.Join(links, ","), `rel="next"`)
	}
	total, err := strconv.Atoi(header.Get("Total"))
	if err != nil {
		return full
	}
	return seen < total
}
