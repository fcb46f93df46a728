package client

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// pages answers a list with count objects, IDs from 1, as the API does but for the headers; of each object change makes what is sent.
func pages(count int, change func(page int, object map[string]any), header map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
		objects := []map[string]any{}
		for id := (page-1)*size + 1; id <= min(page*size, count); id++ {
			object := map[string]any{"id": strconv.Itoa(id), "company_id": "1", "name": "ci " + strconv.Itoa(id)}
			change(page, object)
			objects = append(objects, object)
		}
		for name, value := range header {
			w.Header().Set(name, value)
		}
		writeJSON(w, http.StatusOK, map[string]any{"data": objects})
	}
}

func asTheyAre(int, map[string]any) {}

// A proxy that passes on only the headers that it knows must not make a list shorter: what is missing in one looks deleted.
func TestAListIsWholeWithoutTheHeadersThatPageThroughIt(t *testing.T) {
	for _, count := range []int{0, 1, 999, 1000, 1001, 2500} {
		found, err := newFakeAPI(t, pages(count, asTheyAre, nil)).client(t).ListServiceAccounts(t.Context(), "1", ServiceAccountFilter{})
		if err != nil || len(found) != count {
			t.Errorf("%d of %d accounts: %v", len(found), count, err)
		}
	}
}

func TestAListThatCannotBeTheAPIsIsAnError(t *testing.T) {
	more := map[string]string{"Link": `</x?page=2>; rel="next"`}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"the same page again": {pages(2000, func(_ int, object map[string]any) { object["id"], object["name"] = "1", "ci" }, more), "the same page twice"},
		"ends before its end": {pages(1000, asTheyAre, map[string]string{"Total": "2000"}), "ends after 1000 objects"},
		"no ID":               {pages(1, func(_ int, object map[string]any) { delete(object, "id") }, nil), "whose ID is missing"},
		"no object": {func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusOK, map[string]any{"data": []any{nil}})
		}, "whose ID is missing"},
		"a path for an ID":   {pages(1, func(_ int, object map[string]any) { object["id"] = "1/../2" }, nil), "whose ID is missing, or none"},
		"of another company": {pages(1, func(_ int, object map[string]any) { object["company_id"] = "2" }, nil), "another company"},
		"too large": {func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusOK, map[string]any{"data": []any{map[string]any{"id": "1", "name": strings.Repeat("x", responseLimit)}}})
		}, "more than 32 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newFakeAPI(t, test.answer).client(t).ListServiceAccounts(t.Context(), "1", ServiceAccountFilter{})
			var failure *Error
			if !errors.As(err, &failure) || failure.Origin != OriginOther || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}
