package client

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// pageSize is the most that the API takes as per_page.
const pageSize = 1000

// list reads a list page by page, each when the items before it are used up; who stops ranging asks for no more. With a most above
// zero no more than that many items are asked for. After an error there is nothing more.
//
// The next page is the one that Link names (RFC 8288) by rel="next"; without Link, Total says whether there is more. The
// link itself is not followed: behind a proxy it may name an address that can't be reached from here.
func list[T any](ctx context.Context, c *Client, request request, most int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		query := url.Values{}
		maps.Copy(query, request.query)
		query.Set("per_page", strconv.Itoa(perPage(most)))
		call := request
		call.query = query
		for page, seen := 1, 0; ; page++ {
			query.Set("page", strconv.Itoa(page))
			var items []T
			call.data = &items
			header, err := c.do(ctx, call)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				seen++
				if !yield(item, nil) || seen == most {
					return
				}
			}
			if len(items) == 0 || !hasNextPage(header, seen) {
				return
			}
		}
	}
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
func listAll[T any](ctx context.Context, c *Client, request request) ([]T, error) {
	var all []T
	for item, err := range list[T](ctx, c, request, 0) {
		if err != nil {
			return nil, err
		}
		all = append(all, item)
	}
	return all, nil
}

// hasNextPage reports whether a list goes on after the first seen of its items.
func hasNextPage(header http.Header, seen int) bool {
	if links := header.Values("Link"); len(links) > 0 {
		return strings.Contains(strings.Join(links, ","), `rel="next"`)
	}
	total, err := strconv.Atoi(header.Get("Total"))
	return err == nil && seen < total
}
