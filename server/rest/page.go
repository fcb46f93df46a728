package rest

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/procore/terraform-provider-procore/server/store"
)

// PageParams say which page of a list is wanted.
type PageParams struct {
	Page    int `query:"page" minimum:"1" default:"1" doc:"The page, from 1"`
	PerPage int `query:"per_page" minimum:"1" maximum:"1000" default:"100" doc:"How many items are on a page"`
}

func (p PageParams) request() store.PageRequest {
	return store.PageRequest{Number: p.Page, Size: p.PerPage}
}

// PageHeaders go with every page of a list.
type PageHeaders struct {
	Total   int    `header:"Total" doc:"How many items all pages have"`
	PerPage int    `header:"Per-Page" doc:"How many items are on a page"`
	Link    string `header:"Link" doc:"RFC 8288 links to the first, prev, next and last page, relative to this server"`
}

// headers returns the headers for a list of that many items.
func (p PageParams) headers(ctx context.Context, total int) PageHeaders {
	link := func(relation string, page int) string { return p.link(address(ctx), relation, page) }
	last := max(1, (total+p.PerPage-1)/p.PerPage)
	links := []string{link("first", 1)}
	if p.Page > 1 {
		links = append(links, link("prev", min(p.Page-1, last)))
	}
	if p.Page < last {
		links = append(links, link("next", p.Page+1))
	}
	links = append(links, link("last", last))
	return PageHeaders{Total: total, PerPage: p.PerPage, Link: strings.Join(links, ", ")}
}

func (p PageParams) link(address url.URL, relation string, page int) string {
	query := address.Query()
	query.Set("page", strconv.Itoa(page))
	query.Set("per_page", strconv.Itoa(p.PerPage))
	target := url.URL{Path: address.Path, RawQuery: query.Encode()}
	return fmt.Sprintf("<%s>; rel=%q", target.String(), relation)
}
