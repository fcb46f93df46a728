package modeltest

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"
)

// rival is an administrator among others.
type rival struct{ id, contact, token string }

// lockout is a company whose administrators are after each other.
type lockout struct {
	*crowd
	neighbour, neighbourToken string // another company and its administrator
}

func TestAdministratorsThatFightAlwaysLeaveOne(t *testing.T) {
	t.Parallel()
	c := startCrowd(t)
	beta := c.servers[0].AddCompany(t, "Beta")
	fight := &lockout{c, beta.CompanyID, c.signIn(beta.ClientID, beta.ClientSecret)}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	me := dataAs[shownAccount](t, c.send(0, "GET", "me", nil))
	left, rounds := []rival{{me.ID, me.Contact.ID, c.token}}, 0
	for deadline := time.Now().Add(spell(t) / 2); time.Now().Before(deadline) && !t.Failed(); rounds++ {
		for len(left) < 4 {
			left = append(left, fight.newRival(left[0]))
		}
		fight.round(left, seed+uint64(rounds))
		if left = fight.working(left); len(left) == 0 {
			t.Fatal("no administrator is left")
		}
		c.token = left[0].token
	}
	history := c.history()
	c.wasHeardOnce(history)
	c.replay(history)
	t.Logf("%d rounds, %d events", rounds, len(history))
}

// newRival makes another administrator.
func (l *lockout) newRival(by rival) rival {
	l.t.Helper()
	path := "/rest/v2.0/companies/" + l.company + "/"
	a := l.sendTo(0, by.token, "POST", path+"service_accounts", object{"name": "rival " + number(int(time.Now().UnixNano()))})
	made := dataAs[shownAccount](l.t, a)
	l.note(a, made.ID, "service_account.created", made)
	granted := l.sendTo(1, by.token, "PUT", path+accountPath(made.ID)+"/permissions", object{"company": object{"directory": "admin"}})
	l.note(granted, made.ID, "permissions.updated", shownAccount{})
	return rival{made.ID, made.Contact.ID, l.signIn(made.ClientID, made.ClientSecret)}
}

// round lets every rival attack some, itself among them.
func (l *lockout) round(rivals []rival, seed uint64) {
	var group sync.WaitGroup
	for i, by := range rivals {
		group.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(i))) //nolint:gosec // G115: an index
			for range 3 {
				l.attack(r, by, rivals[r.IntN(len(rivals))])
			}
		})
	}
	group.Wait()
}

func (l *lockout) attack(r *rand.Rand, by, on rival) {
	path := "/rest/v2.0/companies/" + l.company + "/" + accountPath(on.id)
	contacts := "/rest/v2.0/companies/" + l.company + "/" + contactPath(on.contact)
	server, note := r.IntN(2), func(a answer, action string) { l.note(a, on.id, action, shownAccount{}) }
	switch r.IntN(5) {
	case 0:
		note(l.sendTo(server, by.token, "DELETE", path, nil), "service_account.deleted")
	case 1:
		note(l.sendTo(server, by.token, "POST", path+"/actions/reset_secret", object{}), "service_account.secret_reset")
	case 2:
		note(l.sendTo(server, by.token, "PUT", path+"/permissions", object{"company": object{"admin": "none", "documents": "admin"}}), "")
	case 3:
		note(l.sendTo(server, by.token, "PATCH", contacts, object{"email_address": "lost@example.com"}), "")
	case 4:
		note(l.sendTo(server, l.neighbourToken, "POST", "/rest/v2.0/companies/"+l.neighbour+"/directory/contacts",
			object{"contact_id": on.contact}), "contact.added_to_directory")
	}
}

// working returns those who still administer the company.
func (l *lockout) working(rivals []rival) (left []rival) {
	for _, r := range rivals {
		if l.sendTo(0, r.token, "GET", "/rest/v2.0/companies/"+l.company+"/tools", nil).status == http.StatusOK {
			left = append(left, r)
		}
	}
	return left
}
