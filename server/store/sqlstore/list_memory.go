package sqlstore

import (
	linked "container/list"
	"fmt"
	"strings"
	"sync"
)

// listMemory keeps the indexes of the lists that were read last, as many as fit.
type listMemory struct {
	mu     sync.Mutex
	byName map[string]*linked.Element
	// used is in the order of use, the latest first.
	used  linked.List
	bytes int
}

// rememberedList is an element of listMemory.used.
type rememberedList struct {
	name  string
	index listIndex
	bytes int
}

// remembered is what an element of the memory holds.
func remembered(element *linked.Element) *rememberedList {
	list, _ := element.Value.(*rememberedList) // there is nothing else in it
	return list
}

// listMemoryBytes bounds what is kept, all companies together. The list of a hundred thousand accounts, every page of which
// was read, has about a hundred thousand bytes.
const listMemoryBytes = 4 << 20

// name tells a list from every other one.
func (r rowSet) name() string {
	var name strings.Builder
	_, _ = fmt.Fprint(&name, r.tables, "\n", r.where, r.order.by()) // a strings.Builder takes everything
	for _, argument := range r.arguments {
		_, _ = fmt.Fprintf(&name, "\n%T %q", argument, fmt.Sprint(argument))
	}
	return name.String()
}

func (m *listMemory) get(name string) (listIndex, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	element, found := m.byName[name]
	if !found {
		return listIndex{}, false
	}
	m.used.MoveToFront(element)
	return remembered(element).index, true
}

// put keeps an index, unless a later one is kept already, or one of the same version that knows more.
func (m *listMemory) put(name string, index listIndex) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := &rememberedList{name: name, index: index, bytes: len(name) + index.bytes()}
	if element, found := m.byName[name]; found {
		before := remembered(element)
		if before.index.version > index.version || before.index.version == index.version && len(before.index.marks) >= len(index.marks) {
			return
		}
		m.forget(element)
	}
	if kept.bytes > listMemoryBytes {
		return
	}
	if m.byName == nil {
		m.byName = map[string]*linked.Element{}
	}
	m.byName[name] = m.used.PushFront(kept)
	for m.bytes += kept.bytes; m.bytes > listMemoryBytes; {
		m.forget(m.used.Back())
	}
}

// drop forgets a list.
func (m *listMemory) drop(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if element, found := m.byName[name]; found {
		m.forget(element)
	}
}

func (m *listMemory) forget(element *linked.Element) {
	kept := remembered(element)
	m.used.Remove(element)
	delete(m.byName, kept.name)
	m.bytes -= kept.bytes
}

// bytes is about what an index takes in memory.
func (i listIndex) bytes() int {
	const overhead, perMark, perPart = 300, 32, 24
	bytes := overhead
	for _, mark := range i.marks {
		bytes += perMark
		for _, part := range mark.key {
			text, _ := part.(string)
			bytes += perPart + len(text)
		}
	}
	return bytes
}
