package rest_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store"
)

// sunsetOf is what an account says of the sunset.
type sunsetOf struct {
	SunsetAt        *string `json:"sunset_at"`
	DaysUntilSunset *int    `json:"days_until_sunset"`
	Status          string  `json:"status"`
}

// startWithSunset runs a server whose sunset is that far away.
func startWithSunset(t *testing.T, away time.Duration) (client, *clock, time.Time) {
	t.Helper()
	clock := newClock()
	sunset := clock.now().Add(away)
	admin := start(t, servertest.Now(clock.now), servertest.Configure(func(c *server.Config) {
		c.Policy = store.Policy{Sunset: sunset}
	}))
	return admin, clock, sunset
}

const day = 24 * time.Hour

func TestAccountSaysWhenItEndsAndHowManyDaysAreLeft(t *testing.T) {
	t.Parallel()
	admin, clock, sunset := startWithSunset(t, 10*day+time.Hour)
	created := admin.create("traditional")
	path := "service_accounts/" + created.ID

	for _, test := range []struct {
		advance time.Duration
		days    int
	}{{0, 10}, {time.Hour, 10}, {time.Second, 9}, {8 * day, 1}, {day - time.Second, 1}, {time.Second, 0}, {day - 2*time.Second, 0}} {
		clock.advance(test.advance)
		admin = admin.signIn(admin.server.ClientID, admin.server.ClientSecret) // the days outlive a token
		shown := map[string]sunsetOf{
			"get":   data[sunsetOf](admin.get(path).want(200)),
			"list":  data[[]sunsetOf](admin.get("service_accounts?filters[id]=" + created.ID).want(200))[0],
			"me":    data[sunsetOf](admin.get("me").want(200)),
			"patch": data[sunsetOf](admin.patch(path, object{}).want(200)),
		}
		for name, got := range shown {
			equal(t, name, asJSON(t, got), asJSON(t, object{
				"sunset_at": sunset.UTC().Format(time.RFC3339), "days_until_sunset": test.days, "status": "active",
			}.sunset()))
		}
	}
	fresh := data[sunsetOf](admin.post("service_accounts", object{"name": "on the last day"}).want(201))
	equal(t, "days of a new account", *fresh.DaysUntilSunset, 0)
	reset := data[sunsetOf](admin.resetAnswer(created.ID, object{}).want(200))
	equal(t, "days of a reset account", *reset.DaysUntilSunset, 0)
}

// sunset gives the members the order of sunsetOf.
func (o object) sunset() sunsetOf {
	at, _ := o["sunset_at"].(string)
	days, _ := o["days_until_sunset"].(int)
	status, _ := o["status"].(string)
	return sunsetOf{&at, &days, status}
}

func TestAccountSaysNothingOfASunsetThatIsNotSet(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("for ever")
	for _, a := range []answer{admin.get("service_accounts/" + created.ID), admin.get("me"), admin.get("service_accounts/999"), admin.tokenAnswer("x", "y")} {
		if a.status == 200 {
			equal(t, "sunset", asJSON(t, data[map[string]any](a)["sunset_at"])+asJSON(t, data[map[string]any](a)["days_until_sunset"]), "nullnull")
		}
		equal(t, "Sunset", a.header.Get("Sunset"), "")
		equal(t, "X-Days-Until-Sunset", a.header.Get("X-Days-Until-Sunset"), "")
	}
}

func TestETagStaysAsTheDaysPass(t *testing.T) {
	t.Parallel()
	admin, clock, _ := startWithSunset(t, 30*day)
	path := "service_accounts/" + admin.create("traditional").ID
	etag, mine := admin.get(path).header.Get("ETag"), admin.get("me").header.Get("ETag")

	for range 3 {
		clock.advance(9 * day)
		admin = admin.signIn(admin.server.ClientID, admin.server.ClientSecret)
		equal(t, "ETag", admin.get(path).header.Get("ETag"), etag)
		equal(t, "ETag of me", admin.get("me").header.Get("ETag"), mine)
	}
	admin.do("PATCH", path, object{"description": "x"}, "If-Match", etag).want(200)
}

func TestEveryAnswerToAClientCarriesTheSunset(t *testing.T) {
	t.Parallel()
	admin, clock, sunset := startWithSunset(t, 100*day)
	created := admin.create("traditional")
	want := sunset.UTC().Format(http.TimeFormat) // RFC 8594

	for _, days := range []int{100, 99, 0, 0} {
		answers := map[string]answer{
			"a token":       admin.tokenAnswer(admin.server.ClientID, admin.server.ClientSecret),
			"no token":      admin.tokenAnswer(admin.server.ClientID, "wrong"),
			"an account":    admin.get("service_accounts/" + created.ID),
			"a list":        admin.get("service_accounts"),
			"a bad request": admin.post("service_accounts", object{}),
			"not found":     admin.get("service_accounts/999"),
			"no route":      admin.get("/rest/v2.0/nothing"),
			"no rights":     client{t: t, server: admin.server, company: admin.company}.get("me"),
		}
		for name, a := range answers {
			equal(t, name+": Sunset", a.header.Get("Sunset"), want)
			equal(t, name+": X-Days-Until-Sunset", a.header.Get("X-Days-Until-Sunset"), strconv.Itoa(days))
		}
		switch days { // on to the next
		case 100:
			clock.advance(day)
		case 99:
			clock.advance(99*day - time.Second)
		default:
			clock.advance(2 * day)
		}
		if answer := admin.tokenAnswer(admin.server.ClientID, admin.server.ClientSecret); answer.status == 200 {
			admin = admin.signIn(admin.server.ClientID, admin.server.ClientSecret)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/openapi.json", "/oauth/jwks.json"} {
		equal(t, path+": Sunset", admin.get(path).header.Get("Sunset"), "")
	}
}

// A contact that is broken when the sunset comes is one reason more, and heals as ever; the sunset doesn't.
func TestSunsetIsShownBesideTheOtherReasons(t *testing.T) {
	t.Parallel()
	admin, clock, _ := startWithSunset(t, time.Hour)
	created := admin.create("broken")
	admin.setEmail(created.Contact.ID, "new@example.com").want(200)
	admin.getsNoToken(created, "contact_email_changed")
	clock.advance(time.Hour)
	admin.getsNoToken(created, "contact_email_changed,sunset")
}
