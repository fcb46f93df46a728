package main

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z][0-9A-Za-z_]*)`")
	testFunc  = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Z][0-9A-Za-z_]*)\(`)
)

// A promise that names no test, or one that is gone, is only a wish.
func TestEachPromiseInSecurityNamesTestsThatExist(t *testing.T) {
	document, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, promises, found := strings.Cut(string(document), "\n## What is promised\n")
	promises, _, ends := strings.Cut(promises, "\n## What is not promised\n")
	if !found || !ends {
		t.Fatal(`SECURITY.md has no section "What is promised" before one "What is not promised"`)
	}
	existing := testsOfTheModule(t)
	rows := 0
	for line := range strings.SplitSeq(promises, "\n") {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| promise ") {
			continue
		}
		rows++
		names := namedTest.FindAllStringSubmatch(line, -1)
		if len(names) == 0 {
			t.Errorf("this promise names no test: %s", line)
		}
		for _, name := range names {
			if !existing[name[1]] {
				t.Errorf("%s doesn't exist; it should show: %s", name[1], line)
			}
		}
	}
	if rows < 30 {
		t.Errorf("found %d promises; is the table still one?", rows)
	}
}

func testsOfTheModule(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	module := os.DirFS(".")
	err := fs.WalkDir(module, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != "." && strings.HasPrefix(entry.Name(), ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := fs.ReadFile(module, path)
		for _, found := range testFunc.FindAllSubmatch(source, -1) {
			names[string(found[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
