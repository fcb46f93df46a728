package sqlite

import (
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server/store"
)

func TestClientIDFindsItsOwnAccountAndNoOther(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	for _, account := range []store.ServiceAccount{admin, create(t, database, admin.CompanyID, "second", nil), create(t, database, admin.CompanyID, "third", nil)} {
		found, err := database.ServiceAccountByClientID(t.Context(), account.ClientID)
		if err != nil || found.ID != account.ID || found.ClientID != account.ClientID || found.Credentials != account.Credentials {
			t.Errorf("%s finds %+v, %v", account.ClientID, found, err)
		}
		id := account.ClientID
		for _, stranger := range []string{"", "\x00", "0", strings.Repeat("f", 64), "g", id[:63], id + "0", strings.ToUpper(id) + " ", id[:63] + "\x7f", store.NewClientID()} {
			found, err := database.ServiceAccountByClientID(t.Context(), stranger)
			wantCode(t, err, store.CodeNotFound)
			if found.ID != 0 || found.ClientID != "" {
				t.Errorf("%q gives account %s away", stranger, found.ID)
			}
		}
	}
}
