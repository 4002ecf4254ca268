package network

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"entremise/internal/fault"
	"entremise/internal/money"
)

// Change is one difference between two networks. Old is empty for what is added, New for what is removed. Values are as the file writes them,
// sentences with their figures filled in: a figure that changes shows in every sentence that quotes it.
type Change struct {
	Path string `json:"path"` // from the section on; elements of a list by their id
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

// Section is the first word of the path.
func (c Change) Section() string {
	return c.Path[:strings.IndexAny(c.Path+".", "./ ")]
}

// Diff lists what would be another when b took the place of a, in the order of the file.
func Diff(a, b *Network) []Change {
	d := &differ{}
	d.value("", reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem())
	for _, name := range union(a.forms, b.forms) {
		d.entry("forms."+name, reflect.ValueOf(a.forms[name]), reflect.ValueOf(b.forms[name]))
	}
	for _, lang := range union(a.texts, b.texts) {
		for _, name := range union(a.texts[lang], b.texts[lang]) {
			d.text("texts/"+lang+"/"+name+".md", a.written(lang, name), b.written(lang, name))
		}
	}
	if !bytes.Equal(a.logo, b.logo) {
		d.changes = append(d.changes, Change{"logo.svg", counted(len(a.logo), "byte"), counted(len(b.logo), "byte")})
	}
	return d.changes
}

// written is a text in one language, without falling back on French.
func (n *Network) written(lang, name string) string {
	if n.texts[lang][name] == "" {
		return ""
	}
	s, _ := n.Text(lang, name)
	return s
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

func union[T any](a, b map[string]T) []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(names)
	return slices.Compact(names)
}

type differ struct{ changes []Change }

func (d *differ) leaf(path, was, is string) {
	if was != is {
		d.changes = append(d.changes, Change{path, was, is})
	}
}

// text tells how many lines of a document go and how many come.
func (d *differ) text(path, was, is string) {
	if was != is {
		d.changes = append(d.changes, Change{path, linesBeside(was, is), linesBeside(is, was)})
	}
}

// linesBeside counts the lines of a text that another lacks; "" for no text.
func linesBeside(text, other string) string {
	if text == "" {
		return ""
	}
	have, n := map[string]int{}, 0
	for l := range strings.Lines(other) {
		have[l]++
	}
	for l := range strings.Lines(text) {
		if have[l]--; have[l] < 0 {
			n++
		}
	}
	return counted(n, "line")
}

func (d *differ) value(path string, a, b reflect.Value) {
	switch t := a.Type(); {
	case t == textType:
		x, y := a.Interface().(fault.Text), b.Interface().(fault.Text)
		d.leaf(path+" (fr)", x.FR, y.FR)
		d.leaf(path+" (en)", x.EN, y.EN)
	case scalarOf(a) || t.Kind() != reflect.Struct && t.Kind() != reflect.Slice && t.Kind() != reflect.Pointer:
		d.leaf(path, show(a), show(b))
	case t.Kind() == reflect.Pointer:
		d.entry(path, a, b)
	case t.Kind() == reflect.Struct:
		for _, f := range fields(t) {
			at := path
			if !f.value {
				at = join(path, f.name)
			}
			if !f.key {
				d.value(at, a.Field(f.index), b.Field(f.index))
			}
		}
	default:
		d.list(path, a, b)
	}
}

// entry compares what may be absent as a whole: then it is one change, with all that it holds.
func (d *differ) entry(path string, a, b reflect.Value) {
	switch {
	case a.IsNil() && b.IsNil():
	case a.IsNil():
		d.leaf(path, "", whole(b.Elem()))
	case b.IsNil():
		d.leaf(path, whole(a.Elem()), "")
	default:
		d.value(path, a.Elem(), b.Elem())
	}
}

// list compares elements by their ids, then the order of those that both have.
func (d *differ) list(path string, a, b reflect.Value) {
	was, is := ids(a), ids(b)
	plain := a.Type().Elem().Kind() != reflect.Struct
	for i, id := range was {
		j := slices.Index(is, id)
		switch {
		case j >= 0 && !plain:
			d.value(join(path, id), a.Index(i), b.Index(j))
		case j < 0 && plain:
			d.leaf(path, id, "")
		case j < 0:
			d.leaf(join(path, id), whole(a.Index(i)), "")
		}
	}
	for j, id := range is {
		if slices.Contains(was, id) {
			continue
		}
		if plain {
			d.leaf(path, "", id)
		} else {
			d.leaf(join(path, id), "", whole(b.Index(j)))
		}
	}
	both := func(list, other []string) string {
		return strings.Join(slices.DeleteFunc(slices.Clone(list), func(id string) bool { return !slices.Contains(other, id) }), ", ")
	}
	d.leaf(path+" (order)", both(was, is), both(is, was))
}

// ids name the elements of a list: by their key, by their first word (a site's host), or by their first sentence (a price rule's reason).
func ids(list reflect.Value) []string {
	seen := map[string]int{}
	out := make([]string, list.Len())
	for i := range out {
		out[i] = idOf(list.Index(i))
		if seen[out[i]]++; seen[out[i]] > 1 {
			out[i] += " #" + strconv.Itoa(seen[out[i]])
		}
	}
	return out
}

func idOf(v reflect.Value) string {
	if v.Kind() != reflect.Struct || scalarOf(v) {
		return show(v)
	}
	fs := fields(v.Type())
	if first := v.Field(fs[0].index); first.Kind() == reflect.String {
		return first.String()
	}
	for _, f := range fs {
		if t, ok := v.Field(f.index).Interface().(fault.Text); ok {
			return t.FR
		}
	}
	return ""
}

// whole writes everything that an element holds in one line.
func whole(v reflect.Value) string {
	if v.Kind() != reflect.Struct || scalarOf(v) {
		return show(v)
	}
	d := &differ{}
	d.value("", reflect.Zero(v.Type()), v)
	var parts []string
	for _, c := range d.changes {
		if c.New != "" && !strings.HasSuffix(c.Path, " (order)") {
			parts = append(parts, strings.TrimSpace(strings.TrimSuffix(c.Path, " (fr)")+" "+c.New))
		}
	}
	return cmp.Or(strings.Join(parts, "; "), "empty")
}

func scalarOf(v reflect.Value) bool {
	_, ok := reflect.New(v.Type()).Interface().(scalar)
	return ok
}

// show writes a value as the file does; "" is the zero value.
func show(v reflect.Value) string {
	if v.IsZero() && (scalarOf(v) || v.Kind() != reflect.Bool && v.Kind() != reflect.Int) {
		return ""
	}
	switch x := v.Interface().(type) {
	case money.Amount:
		return x.Decimal()
	case money.Rate:
		return x.FR()
	case [2]money.Amount:
		return "[" + x[0].Decimal() + ", " + x[1].Decimal() + "]"
	case Distance:
		if x%1000 == 0 {
			return strconv.Itoa(int(x/1000)) + " km"
		}
		return strconv.Itoa(int(x)) + " m"
	case Limit:
		return fmt.Sprintf("%d in %s", x.Max, x.Within)
	case Factor:
		return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%d.%03d", x/1000, x%1000), "0"), ".")
	case Hours:
		return fmt.Sprintf("%02d:%02d-%02d:%02d", x.From/60, x.From%60, x.To/60, x.To%60)
	case SIREN:
		return string(x)
	}
	return fmt.Sprint(v.Interface())
}
