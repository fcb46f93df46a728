package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"

	"github.com/procore/terraform-provider-procore/server/servertest/bulk"
	"github.com/procore/terraform-provider-procore/server/servertest/load"
)

// perPage is how many accounts the measured pages have.
const perPage = 100

// listRow is a list's line: Size is how many bytes its floor writes.
type listRow struct {
	row
	Size int
}

// measureLists measures pages and searches in a large company.
func measureLists(ctx context.Context, b *bench) error {
	return b.onEachStore(ctx, func(ctx context.Context, w *world, into *storeReport) error {
		last := w.accounts/perPage - 100
		if last < 2 {
			last = w.accounts / perPage
		}
		into.DeepPage = last
		search := func(n int64) string {
			return accounts + "?" + url.Values{"filters[search]": {bulk.Name(w.number(n))}, "per_page": {"10"}}.Encode()
		}
		contenders := []contender{}
		sizes := []int{}
		for _, one := range []struct {
			name string
			path func(n int64) string
		}{
			{"page 1", func(int64) string { return accounts + fmt.Sprintf("?per_page=%d&page=1", perPage) }},
			{fmt.Sprintf("page %d", last), func(int64) string { return accounts + fmt.Sprintf("?per_page=%d&page=%d", perPage, last) }},
			{"search", search},
		} {
			body, err := w.get(ctx, one.path(1))
			if err != nil {
				return err
			}
			if !bytes.Contains(body, []byte(`"client_id"`)) {
				return fmt.Errorf("%s finds no account: %s", one.name, body)
			}
			size := fmt.Sprintf("/bytes?count=%d", len(body))
			sizes = append(sizes, len(body))
			contenders = append(contenders, w.ask(one.name+" floor", w.floor, connections, func(int64) []byte { return load.Raw("GET", size, authorization(w.bearer), "") }))
			contenders = append(contenders, w.both(one.name, connections, func(n int64) []byte { return load.Raw("GET", one.path(n), authorization(w.bearer), "") })...)
		}
		results, err := b.alternate(ctx, "list", contenders...)
		if err != nil {
			return err
		}
		each := len(results) / len(sizes)
		for i, size := range sizes {
			floor, subject := results[each*i], results[each*i+1]
			into.Lists = append(into.Lists, listRow{row{subject.Name, floor, subject}, size})
		}
		return nil
	})
}
