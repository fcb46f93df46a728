package provider

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxLabel is about as long as a name of a resource can be and still be read.
const maxLabel = 64

// label makes the name of a resource from the name of an object: lower-case letters a to z, digits and single underscores, and
// a letter first. Letters with marks lose them; what is neither becomes an underscore. A name without a letter or digit gives the noun
// alone, and one that begins with a digit has the noun before it.
func label(noun, name string) string {
	var made strings.Builder
	for _, r := range strings.ToLower(norm.NFKD.String(name)) {
		switch {
		case made.Len() >= maxLabel:
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			made.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // the mark of a letter that it follows
		case made.Len() > 0 && !strings.HasSuffix(made.String(), "_"):
			made.WriteByte('_')
		}
	}
	text := strings.TrimSuffix(made.String(), "_")
	if text == "" {
		return noun
	}
	if text[0] >= '0' && text[0] <= '9' {
		return noun + "_" + text
	}
	return text
}

// labels gives each object of one type a name that no other one has. Whoever comes first has the plain name; those after it have
// their IDs behind it. In the order of IDs a new object, whose ID is the highest, changes no other's name.
type labels struct {
	noun  string
	taken map[string]bool
}

func newLabels(noun string) labels { return labels{noun: noun, taken: map[string]bool{}} }

func (l labels) next(name, id string) string {
	made := label(l.noun, name)
	for suffix := "_" + strings.ReplaceAll(id, "/", "_"); l.taken[made] || made == l.noun; {
		made += suffix
	}
	l.taken[made] = true
	return made
}
