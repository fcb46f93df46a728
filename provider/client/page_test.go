package client

import (
	"net/http"
	"strconv"
	"testing"
)

func TestPagesAreNoBiggerThanWhatIsWanted(t *testing.T) {
	for most, want := range map[int]int{0: 1000, -1: 1000, 1: 1, 100: 100, 1000: 1000, 1001: 501, 2000: 1000, 2001: 667, 1 << 40: 1000} {
		if got := perPage(most); got != want {
			t.Errorf("perPage(%d) = %d, want %d", most, got, want)
		}
	}
}

func TestAListAsksForAPageOnlyWhenItIsWanted(t *testing.T) {
	var pages []string
	api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		pages = append(pages, query.Get("page")+"/"+query.Get("per_page"))
		page, _ := strconv.Atoi(query.Get("page"))
		w.Header().Set("Total", "6")
		writeJSON(w, http.StatusOK, map[string]any{"data": []map[string]any{{"id": strconv.Itoa(2*page - 1)}, {"id": strconv.Itoa(2 * page)}}})
	})
	client := api.client(t)
	for name, test := range map[string]struct {
		most, breakAt int
		want          string
		pages         []string
	}{
		"all":                   {0, 0, "123456", []string{"1/1000", "2/1000", "3/1000"}},
		"the first three":       {3, 0, "123", []string{"1/3", "2/3"}},
		"no more than a page":   {2, 0, "12", []string{"1/2"}},
		"given up in the first": {0, 1, "1", []string{"1/1000"}},
		"given up at its end":   {0, 2, "12", []string{"1/1000"}},
	} {
		pages = nil
		var got string
		for project, err := range client.Projects(t.Context(), "1", ProjectFilter{}, test.most) {
			if err != nil {
				t.Fatal(name, err)
			}
			if got += project.ID; len(got) == test.breakAt {
				break
			}
		}
		if got != test.want || len(pages) != len(test.pages) || pages[0] != test.pages[0] {
			t.Errorf("%s: got %s in pages %v, want %s in %v", name, got, pages, test.want, test.pages)
		}
	}
}

func TestAListEndsWithItsError(t *testing.T) {
	api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") != "1" {
			writeError(w, http.StatusForbidden, "FORBIDDEN")
			return
		}
		w.Header().Set("Total", "9")
		writeJSON(w, http.StatusOK, map[string]any{"data": []map[string]any{{"id": "1"}}})
	})
	var items, failures int
	for _, err := range api.client(t).ServiceAccounts(t.Context(), "1", ServiceAccountFilter{}, 0) {
		items++
		if err != nil {
			failures++
		}
	}
	if items != 2 || failures != 1 {
		t.Errorf("%d items, %d of them errors, want an item and an error", items, failures)
	}
}
