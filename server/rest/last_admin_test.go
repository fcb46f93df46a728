package rest_test

import (
	"net/http"
	"testing"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store"
)

// lockouts are the ways to leave a company without a working administrator, and what each answers where another is
// left.
var lockouts = []struct {
	name, change string
	// needsDirectory says that an account of the company needs admin on the Directory tool for it.
	needsDirectory bool
	send           func(home, other client, a account) answer
	status         int
}{
	{"delete", "Deleting", false, func(home, _ client, a account) answer {
		return home.delete("service_accounts/" + a.ID)
	}, 204},
	{"reset", "Resetting the secret of", false, func(home, _ client, a account) answer {
		return home.resetAnswer(a.ID, object{})
	}, 200},
	{"no permissions", "Taking admin away from", true, func(home, _ client, a account) answer {
		return home.put("service_accounts/"+a.ID+"/permissions", object{"company": levels{}})
	}, 200},
	{"other permissions", "Taking admin away from", true, func(home, _ client, a account) answer {
		return home.put("service_accounts/"+a.ID+"/permissions",
			object{"company": levels{"admin": "none", "directory": "standard", "documents": "admin"}})
	}, 200},
	{"e-mail address", "Changing the contact's e-mail address of", true, func(home, _ client, a account) answer {
		return home.setEmail(a.Contact.ID, "reachable@example.com")
	}, 200},
	{"second directory", "Putting into a second directory the contact of", false, func(_, other client, a account) answer {
		return other.addContact(a.Contact.ID)
	}, 201},
}

func TestLastWorkingAdministratorStaysOne(t *testing.T) {
	t.Parallel()
	for _, held := range []levels{{"admin": "admin"}, {"directory": "admin", "documents": "readonly"}} {
		for _, test := range lockouts {
			if test.needsDirectory && held["directory"] != "admin" {
				continue // it gets a 403
			}
			t.Run(test.name+" of "+asJSON(t, held), func(t *testing.T) {
				t.Parallel()
				admin := start(t)
				other := admin.otherCompany("Beta") // its administrator doesn't count
				last := admin.me()
				admin.grant(admin.create("not quite").ID, levels{"directory": "standard", "documents": "admin"})
				broken := admin.holder("broken", levels{"admin": "admin", "directory": "admin"}).me() // nor does one that doesn't work
				admin.setEmail(broken.Contact.ID, "broken@example.com").want(200)
				shared := admin.holder("shared", levels{"directory": "admin"}).me()
				other.addContact(shared.Contact.ID).want(201)
				admin.grant(last.ID, held)
				before := admin.snapshot()

				body := test.send(admin, other, last).conflict("last_admin")
				says(t, body.Error.Message, test.change, "service account "+last.ID+" (Administrator)", "Give another account that permission first.")
				equal(t, "accounts afterwards", admin.snapshot(), before)
				equal(t, "administers tools", admin.get("tools").status, 200) // the token still counts, and its levels
				admin.signIn(admin.server.ClientID, admin.server.ClientSecret)

				admin.secondAdmin()
				test.send(admin, other, last).want(test.status)
			})
		}
	}
}

func TestAdministratorThatIsHealedOrMadeIsAnotherOne(t *testing.T) {
	t.Parallel()
	for name, spareIt := range map[string]func(admin client, spare account){
		"healed": func(admin client, spare account) {
			admin.setEmail(spare.Contact.ID, spare.Contact.EmailAddress).want(200)
		},
		"granted on the Admin tool": func(admin client, _ account) {
			admin.grant(admin.create("made").ID, levels{"admin": "admin"})
		},
		"granted on the Directory tool": func(admin client, _ account) {
			admin.grant(admin.create("made").ID, levels{"directory": "admin"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			admin := start(t)
			last := admin.me()
			spare := admin.holder("spare", levels{"admin": "admin"}).me()
			admin.setEmail(spare.Contact.ID, "broken@example.com").want(200)
			admin.delete("service_accounts/" + last.ID).conflict("last_admin")

			spareIt(admin, spare)
			admin.delete("service_accounts/" + last.ID).want(204)
			admin.isGone()
		})
	}
}

func TestLastAdministratorMayChangeWhatKeepsItOne(t *testing.T) {
	t.Parallel()
	admin := start(t)
	last := admin.me()
	for _, kept := range []levels{
		{"directory": "admin"}, {"admin": "admin", "directory": "admin", "documents": "admin"}, {"admin": "none", "directory": "admin"},
	} {
		admin.grant(last.ID, kept)
		admin.get("service_accounts").want(200)
	}
	admin.setEmail(last.Contact.ID, last.Contact.EmailAddress).want(200)
	admin.patch("service_accounts/"+last.ID, object{"name": "renamed", "deletion_protection": true}).want(200)
	admin.post("service_accounts/"+last.ID+"/actions/revoke_tokens", nil).want(204)
	admin = admin.signIn(admin.server.ClientID, admin.server.ClientSecret)
	admin.grant(last.ID, levels{"admin": "admin"}) // the Directory tool alone is no lockout
	admin.get("service_accounts").want(200)
	admin.get("projects").refused(403, "FORBIDDEN")
}

// Whoever is broken already administers nothing, so nothing of it can lock the company out; what stays broken may be
// broken further.
func TestBrokenAdministratorMayBeTaken(t *testing.T) {
	t.Parallel()
	for _, test := range lockouts {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			admin := start(t)
			other, third := admin.otherCompany("Beta"), admin.otherCompany("Gamma")
			broken := admin.holder("broken", levels{"admin": "admin", "directory": "admin"}).me()
			third.addContact(broken.Contact.ID).want(201)
			test.send(admin, other, broken).want(test.status)
		})
	}
}

// The sunset ends all accounts alike, so it makes nobody the last administrator.
func TestSunsetIsNoLockout(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now), servertest.Configure(func(c *server.Config) {
		c.Policy = store.Policy{Sunset: clock.now().Add(3600e9)}
	}))
	second := admin.secondAdmin()
	clock.advance(3599e9)
	admin.delete("service_accounts/" + second.me().ID).want(204)
	admin.delete("service_accounts/" + admin.me().ID).conflict("last_admin")
}

func TestAdministratorsThatTakeEachOtherAtOnceLeaveOne(t *testing.T) {
	t.Parallel()
	for i, mine := range lockouts {
		for _, next := range []int{i, (i + 1) % len(lockouts)} {
			theirs := lockouts[next]
			t.Run(mine.name+" against "+theirs.name, func(t *testing.T) {
				t.Parallel()
				one := start(t)
				other := one.otherCompany("Beta")
				two := one.secondAdmin()
				first, second := one.me(), two.me()
				outcomes := together(2, func(i int) answer {
					if i == 0 {
						return mine.send(one, other, second)
					}
					return theirs.send(two, other, first)
				})
				left := 0
				for _, c := range []client{one, two} {
					if c.get("service_accounts").status == http.StatusOK {
						left++
					}
				}
				if left != 1 {
					t.Errorf("%d administrators are left; the answers were %v", left, outcomes)
				}
			})
		}
	}
}
