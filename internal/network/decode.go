package network

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"entremise/internal/fault"
	"entremise/internal/money"
)

// node is a YAML value with its place. Exactly one of text, items and entries is meant, by kind.
type node struct {
	kind    nodeKind
	line    int
	text    string
	items   []node
	entries []entry
}

type entry struct {
	key  string
	line int
	val  node
}

type nodeKind int

const (
	empty nodeKind = iota
	scalarNode
	listNode
	mapNode
)

// decoder walks nodes and Go values together and notes every mistake, instead of stopping at the first as YAML libraries do.
type decoder struct {
	file  string
	lines map[string]int
	probs []Problem
}

// decode reads one YAML file into a struct of this package.
func (n *Network) decode(file string, data []byte, into any) []Problem {
	d := &decoder{file: file, lines: map[string]int{}}
	n.src.lines[file] = d.lines
	if root, ok := d.parse(data); ok {
		d.value(reflect.ValueOf(into).Elem(), root, "", false)
	}
	if more := len(d.probs) - maxTold; more > 0 {
		d.probs = d.probs[:maxTold]
		d.wrong(d.probs[maxTold-1].Line, "", "et %d autres erreurs : corrigez d’abord celles-ci.", "and %d other mistakes: mend these first.", more)
	}
	return d.probs
}

func (d *decoder) wrong(line int, path string, fr, en string, args ...any) {
	d.probs = append(d.probs, Problem{Mistake, d.file, line, path, fault.Tf(fr, en, args...)})
}

// parse makes nodes of YAML 1.2 without anchors, aliases, tags and several documents: each is a way to say one thing in two places.
func (d *decoder) parse(data []byte) (root node, ok bool) {
	if line := tooDeep(data); line > 0 {
		d.wrong(line, "", "cette ligne est trop longue (%d octets) ou trop de crochets sont ouverts (%d niveaux) : simplifiez.",
			"this line is too long (%d bytes) or too many brackets are open (%d levels): simplify.", maxLine, maxDepth)
		return node{}, false
	}
	// The YAML library is a parser of others fed by strangers; a panic in it must not end the program that checks a folder.
	defer func() {
		if r := recover(); r != nil {
			d.wrong(0, "", "ce fichier ne se lit pas comme du YAML.", "this file does not read as YAML.")
			root, ok = node{}, false
		}
	}()
	f, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		line, msg := 0, err.Error()
		if e, ok := errors.AsType[yaml.Error](err); ok {
			line, msg = e.GetToken().Position.Line, e.GetMessage()
		}
		d.wrong(line, "", "le YAML est mal formé (%s). Vérifiez les deux-points, les retraits et les guillemets de cette ligne.",
			"the YAML is malformed (%s). Check the colons, indentation and quotes of this line.", msg)
		return node{}, false
	}
	docs := slices.DeleteFunc(f.Docs, func(d *ast.DocumentNode) bool { return d.Body == nil })
	if len(docs) != 1 {
		d.wrong(0, "", "ce fichier contient %d documents : gardez-en un, sans ligne « --- » entre eux.",
			"this file holds %d documents: keep one, without a line --- between them.", len(docs))
		return node{}, false
	}
	before := len(d.probs)
	root = d.node(docs[0].Body, 1)
	return root, len(d.probs) == before
}

// tooDeep is the first line that is too long or stands inside too many open brackets, 0 when there is none; it spares the parser,
// which recurses.
func tooDeep(data []byte) int {
	line, start, depth := 1, 0, 0
	for i, c := range data {
		switch c {
		case '\n':
			line, start = line+1, i+1
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(0, depth-1)
		}
		if depth > maxDepth || i-start > maxLine {
			return line
		}
	}
	return 0
}

func (d *decoder) node(a ast.Node, depth int) node {
	line := a.GetToken().Position.Line
	if depth > maxDepth {
		d.wrong(line, "", "cette partie est imbriquée sur plus de %d niveaux : simplifiez.", "this part is nested more than %d levels deep: simplify.", maxDepth)
		return node{line: line}
	}
	switch a := a.(type) {
	case *ast.MappingNode:
		return d.mapping(a.Values, line, depth)
	case *ast.MappingValueNode:
		return d.mapping([]*ast.MappingValueNode{a}, line, depth)
	case *ast.SequenceNode:
		out := node{kind: listNode, line: line}
		for _, v := range a.Values {
			out.items = append(out.items, d.node(v, depth+1))
		}
		return out
	case *ast.NullNode:
		return node{kind: empty, line: line}
	case *ast.LiteralNode:
		return node{kind: scalarNode, line: line, text: strings.TrimRight(a.Value.Value, "\n")}
	case *ast.StringNode:
		return node{kind: scalarNode, line: line, text: a.Value}
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		return node{kind: scalarNode, line: line, text: a.GetToken().Value}
	}
	d.wrong(line, "", "« %s » : les ancres, alias, étiquettes et valeurs spéciales de YAML ne sont pas admis. Écrivez la valeur elle-même.",
		"%q: anchors, aliases, tags and special values of YAML are not allowed. Write the value itself.", a.GetToken().Value)
	return node{line: line}
}

func (d *decoder) mapping(values []*ast.MappingValueNode, line, depth int) node {
	out := node{kind: mapNode, line: line}
	first := map[string]int{}
	for _, v := range values {
		key, at := v.Key.GetToken().Value, v.Key.GetToken().Position.Line
		if s, ok := v.Key.(*ast.StringNode); ok {
			key = s.Value
		} else if _, ok := v.Key.(ast.ScalarNode); !ok || v.Key.IsMergeKey() {
			d.wrong(at, "", "« %s » ne peut pas être une clé. Écrivez un mot.", "%q cannot be a key. Write a word.", key)
			continue
		}
		if l, twice := first[key]; twice {
			d.wrong(at, "", "« %s » est écrit deux fois, déjà à la ligne %d : gardez-en un.", "%q is written twice, already on line %d: keep one.", key, l)
			continue
		}
		first[key] = at
		out.entries = append(out.entries, entry{key, at, d.node(v.Value, depth+1)})
	}
	return out
}

// field is what the tags of a struct field say.
type field struct {
	name       string // in the file
	index      int
	key, value bool // filled from the key, or from the whole value, of a mapping entry
	opt, one   bool
	min        int
}

// fields lists the fields of a struct that the file may set.
func fields(t reflect.Type) []field {
	var out []field
	for i := range t.NumField() {
		sf := t.Field(i)
		if !sf.IsExported() || sf.Tag.Get("yaml") == "-" {
			continue
		}
		name, rest, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		f := field{name: cmp.Or(name, snake(sf.Name)), index: i, key: rest == "key", value: rest == "value", opt: rest == "opt",
			one: sf.Tag.Get("one") == "true"}
		if m := sf.Tag.Get("min"); m != "" {
			f.min, _ = strconv.Atoi(m) // a constant of types.go
		}
		out = append(out, f)
	}
	return out
}

func snake(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r >= 'A' && r <= 'Z' && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

var (
	textType   = reflect.TypeFor[fault.Text]()
	amountType = reflect.TypeFor[money.Amount]()
	rateType   = reflect.TypeFor[money.Rate]()
	idForm     = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,40}$`)
	amountForm = regexp.MustCompile(`^-?\d{1,9}(\.\d{1,2})?$`)
	rateForm   = regexp.MustCompile(`^(\d{1,3})(?:[.,](\d{1,2}))? ?%$`)
)

// value sets v from a node. one lets a single value stand for a list.
func (d *decoder) value(v reflect.Value, n node, path string, one bool) {
	d.lines[path] = n.line
	if n.kind == empty {
		d.wrong(n.line, path, "la valeur manque : écrivez-la après les deux-points, ou retirez la ligne.", "the value is missing: write it after the colon, or remove the line.")
		return
	}
	t := v.Type()
	if s, ok := v.Addr().Interface().(scalar); ok {
		w := s.want()
		d.scalar(n, path, w, s.set)
		return
	}
	if w, ok := v.Interface().(word); ok {
		choices := w.words()
		want := fault.Tf("l’un des mots %s", "one of the words %s", strings.Join(choices, ", "))
		d.scalar(n, path, want, func(s string) bool { v.SetString(s); return slices.Contains(choices, s) })
		return
	}
	switch t {
	case textType:
		v.Set(reflect.ValueOf(d.text(n, path)))
		return
	case amountType:
		d.scalar(n, path, fault.T("un montant en euros, par exemple 24 ou 24.50", "an amount in euros, for example 24 or 24.50"), func(s string) bool {
			neg := strings.HasPrefix(s, "-")
			a, err := money.Parse(strings.TrimPrefix(s, "-"))
			if neg {
				a = -a
			}
			v.SetInt(int64(a))
			return err == nil && amountForm.MatchString(s)
		})
		return
	case rateType:
		d.scalar(n, path, fault.T("un pourcentage, par exemple 20 %", "a percentage, for example 20 %"), func(s string) bool {
			m := rateForm.FindStringSubmatch(s)
			if m == nil {
				return false
			}
			r, err := strconv.Atoi(m[1] + (m[2] + "00")[:2])
			v.SetInt(int64(r))
			return err == nil && r <= 10000
		})
		return
	}
	switch t.Kind() {
	case reflect.String:
		d.scalar(n, path, fault.T("un texte", "a text"), func(s string) bool { v.SetString(s); return strings.TrimSpace(s) != "" })
	case reflect.Bool:
		d.scalar(n, path, fault.T("true (oui) ou false (non)", "true or false"), func(s string) bool { v.SetBool(s == "true"); return s == "true" || s == "false" })
	case reflect.Int:
		d.scalar(n, path, fault.T("un nombre entier", "a whole number"), func(s string) bool {
			i, err := strconv.Atoi(s)
			v.SetInt(int64(i))
			return err == nil && len(s) < 10
		})
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		d.value(v.Elem(), n, path, false)
	case reflect.Array:
		if n.kind != listNode || len(n.items) != t.Len() {
			d.wrong(n.line, path, "ici s’écrivent %d valeurs entre crochets, par exemple [1, 1999].", "here stand %d values in brackets, for example [1, 1999].", t.Len())
			return
		}
		for i := range n.items {
			d.value(v.Index(i), n.items[i], path, false)
		}
	case reflect.Slice:
		d.list(v, n, path, one)
	case reflect.Struct:
		d.object(v, n, path)
	default:
		panic("network: no rule for " + t.String()) // a defect of types.go; every test meets it
	}
}

func (d *decoder) scalar(n node, path string, want fault.Text, set func(string) bool) {
	if n.kind != scalarNode {
		d.probs = append(d.probs, Problem{Mistake, d.file, n.line, path, fault.T("ici s’écrit "+want.FR+".", "here stands "+want.EN+".")})
		return
	}
	if !set(n.text) {
		d.probs = append(d.probs, Problem{Mistake, d.file, n.line, path, fault.T(
			fmt.Sprintf("« %s » ne convient pas : ici s’écrit %s.", clip(n.text), want.FR),
			fmt.Sprintf("%q does not fit: here stands %s.", clip(n.text), want.EN))})
	}
}

// text is one French string or {fr: …, en: …}.
func (d *decoder) text(n node, path string) fault.Text {
	switch n.kind {
	case scalarNode:
		return fault.Text{FR: n.text}
	case mapNode:
		var t fault.Text
		for _, e := range n.entries {
			switch {
			case e.key != "fr" && e.key != "en":
				d.wrong(e.line, path, "« %s » n’est pas une langue connue : écrivez fr ou en.", "%q is not a known language: write fr or en.", e.key)
			case e.val.kind != scalarNode || strings.TrimSpace(e.val.text) == "":
				d.wrong(e.line, path+"."+e.key, "ici s’écrit un texte.", "here stands a text.")
			case e.key == "fr":
				t.FR = e.val.text
			default:
				t.EN = e.val.text
			}
		}
		if t.FR == "" {
			d.wrong(n.line, path, "le français manque : ajoutez fr.", "the French is missing: add fr.")
		}
		return t
	}
	d.wrong(n.line, path, "ici s’écrit un texte, ou {fr: …, en: …}.", "here stands a text, or {fr: …, en: …}.")
	return fault.Text{}
}

// list reads a sequence, or a mapping whose keys are the ids of the elements.
func (d *decoder) list(v reflect.Value, n node, path string, one bool) {
	elem := v.Type().Elem()
	keyed, whole := -1, -1
	if elem.Kind() == reflect.Struct {
		for _, f := range fields(elem) {
			if f.key {
				keyed = f.index
			}
			if f.value {
				whole = f.index
			}
		}
	}
	if keyed >= 0 {
		if n.kind != mapNode {
			d.wrong(n.line, path, "ici s’écrit une liste de noms suivis de deux-points.", "here stands a list of names, each followed by a colon.")
			return
		}
		for _, e := range n.entries {
			at := join(path, e.key)
			if !idForm.MatchString(e.key) {
				d.wrong(e.line, at, "« %s » ne convient pas comme nom : minuscules sans accent, chiffres et tirets, quarante au plus.",
					"%q does not fit as a name: lower-case letters without accents, digits and hyphens, forty at most.", clip(e.key))
				continue
			}
			item := reflect.New(elem).Elem()
			item.Field(keyed).SetString(e.key)
			if whole >= 0 {
				d.value(item.Field(whole), e.val, at, true)
			} else {
				d.value(item, e.val, at, false)
			}
			d.lines[at] = e.line
			v.Set(reflect.Append(v, item))
		}
		return
	}
	items := n.items
	if n.kind != listNode {
		if !one || n.kind != scalarNode {
			d.wrong(n.line, path, "ici s’écrit une liste, par exemple [a, b].", "here stands a list, for example [a, b].")
			return
		}
		items = []node{n}
	}
	for i, it := range items {
		item := reflect.New(elem).Elem()
		at := join(path, strconv.Itoa(i+1))
		d.value(item, it, at, false)
		v.Set(reflect.Append(v, item))
	}
	if elem.Kind() == reflect.String {
		for i := range v.Len() {
			if slices.ContainsFunc(items[:i], func(m node) bool { return m.text == items[i].text }) {
				d.wrong(items[i].line, path, "« %s » est écrit deux fois dans cette liste : gardez-en un.", "%q is written twice in this list: keep one.", clip(items[i].text))
			}
		}
	}
}

func (d *decoder) object(v reflect.Value, n node, path string) {
	if n.kind != mapNode {
		d.wrong(n.line, path, "ici s’écrivent plusieurs lignes « nom: valeur ».", "here stand several lines of the form name: value.")
		return
	}
	fs := slices.DeleteFunc(fields(v.Type()), func(f field) bool { return f.key })
	names := make([]string, len(fs))
	for i, f := range fs {
		names[i] = f.name
	}
	meant := map[string]bool{} // fields that a misspelt word stands for
	for _, e := range n.entries {
		i := slices.Index(names, e.key)
		if i < 0 {
			if near := nearest(e.key, names); near != "" {
				meant[near] = true
				d.wrong(e.line, path, "« %s » n’existe pas ici. Vouliez-vous écrire « %s » ?", "there is no %q here. Did you mean %q?", clip(e.key), near)
			} else {
				d.wrong(e.line, path, "« %s » n’existe pas ici. Ce qui peut s’écrire : %s.", "there is no %q here. What may stand here: %s.", clip(e.key), strings.Join(names, ", "))
			}
			continue
		}
		at := join(path, e.key)
		d.value(v.Field(fs[i].index), e.val, at, fs[i].one)
		d.lines[at] = e.line
		d.least(v.Field(fs[i].index), fs[i], e, at)
	}
	for _, f := range fs {
		if !f.opt && !meant[f.name] && !slices.ContainsFunc(n.entries, func(e entry) bool { return e.key == f.name }) {
			d.wrong(n.line, path, "« %s » manque : ajoutez-le.", "%q is missing: add it.", f.name)
		}
	}
}

// least holds a field to its smallest number or length.
func (d *decoder) least(v reflect.Value, f field, e entry, path string) {
	switch {
	case f.min == 0:
	case v.Kind() == reflect.Int && e.val.kind == scalarNode && v.Int() < int64(f.min):
		d.wrong(e.line, path, "%d est trop petit : écrivez %d ou plus.", "%d is too small: write %d or more.", v.Int(), f.min)
	case v.Kind() == reflect.Slice && (e.val.kind == listNode && len(e.val.items) < f.min || e.val.kind == mapNode && len(e.val.entries) < f.min):
		d.wrong(e.line, path, "cette liste est vide : il en faut %d au moins.", "this list is empty: it needs at least %d.", f.min)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// clip shortens what is quoted back.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// nearest is the name that differs by at most two letters, or "".
func nearest(s string, names []string) string {
	best, least := "", 3
	for _, name := range names {
		if d := distance(s, name); d < least && d < len(name) {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to change, add or drop (Levenshtein), up to a bound that keeps it cheap.
func distance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return 40
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diag, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diag+cost)
		}
	}
	return row[len(b)]
}
