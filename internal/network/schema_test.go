package network

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the generated files instead of comparing")

// generated compares a file with what the types say, or writes it.
func generated(t *testing.T, file string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from the types: run go test ./internal/network -run '%s' -update and read the difference", file, t.Name())
	}
}

// comments reads the comment of every field of the package's types: type → Go field → text.
func comments(t *testing.T) map[string]map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if s, ok := spec.Type.(*ast.StructType); ok {
				fields := map[string]string{}
				for _, f := range s.Fields.List {
					for _, name := range f.Names {
						fields[name.Name] = strings.Join(strings.Fields(f.Comment.Text()), " ")
					}
				}
				out[spec.Name.Name] = fields
			}
			return true
		})
	}
	return out
}

type object = map[string]any

// schemer writes the schema of a type and of the types inside it.
type schemer struct {
	docs map[string]map[string]string
	defs object
}

func (s *schemer) of(t reflect.Type, one bool) object {
	v := reflect.New(t)
	if t == reflect.TypeFor[Factor]() {
		return object{"type": "number", "exclusiveMinimum": 0, "maximum": 9.999}
	}
	if sc, ok := v.Interface().(scalar); ok {
		return object{"type": "string", "pattern": sc.pattern(), "description": sc.want().EN}
	}
	if w, ok := v.Elem().Interface().(word); ok {
		return object{"enum": w.words()}
	}
	switch t {
	case textType:
		s.defs["words"] = object{"description": "A French sentence, or one for each language.", "anyOf": []any{object{"type": "string", "minLength": 1},
			object{"type": "object", "additionalProperties": false, "required": []string{"fr"},
				"properties": object{"fr": object{"type": "string", "minLength": 1}, "en": object{"type": "string", "minLength": 1}}}}}
		return object{"$ref": "#/$defs/words"}
	case amountType:
		return object{"type": "number", "description": "euros, with at most two decimals"}
	case rateType:
		return object{"type": "string", "pattern": rateForm.String(), "description": "a percentage, for example 20 %"}
	}
	switch t.Kind() {
	case reflect.String:
		return object{"type": "string", "minLength": 1}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int:
		return object{"type": "integer"}
	case reflect.Pointer:
		return s.of(t.Elem(), false)
	case reflect.Array:
		return object{"type": "array", "items": s.of(t.Elem(), false), "minItems": t.Len(), "maxItems": t.Len()}
	case reflect.Slice:
		elem := t.Elem()
		if elem.Kind() == reflect.Struct {
			key, value := false, -1
			for _, f := range fields(elem) {
				key = key || f.key
				if f.value {
					value = f.index
				}
			}
			if key {
				of := s.of(elem, false)
				if value >= 0 {
					of = s.of(elem.Field(value).Type, true)
				}
				return object{"type": "object", "propertyNames": object{"pattern": idForm.String()}, "additionalProperties": of}
			}
		}
		list := object{"type": "array", "items": s.of(elem, false), "uniqueItems": true}
		if one {
			return object{"anyOf": []any{s.of(elem, false), list}}
		}
		return list
	case reflect.Struct:
		s.define(t)
		return object{"$ref": "#/$defs/" + snake(t.Name())}
	}
	panic(t.String())
}

func (s *schemer) define(t reflect.Type) {
	name := snake(t.Name())
	if _, done := s.defs[name]; done {
		return
	}
	properties, required := object{}, []string{}
	def := object{"type": "object", "additionalProperties": false, "properties": properties}
	s.defs[name] = def
	for _, f := range fields(t) {
		if f.key {
			continue
		}
		sf := t.Field(f.index)
		of := s.of(sf.Type, f.one)
		switch doc := s.docs[t.Name()][sf.Name]; {
		case doc == "" && !f.value:
			panic("no comment on " + t.Name() + "." + sf.Name)
		case doc != "":
			of["description"] = doc
		}
		if f.min > 0 {
			switch {
			case of["type"] == "integer":
				of["minimum"] = f.min
			case of["type"] == "array":
				of["minItems"] = f.min
			case of["type"] == "object":
				of["minProperties"] = f.min
			}
		}
		properties[f.name] = of
		if !f.opt {
			required = append(required, f.name)
		}
	}
	if len(required) > 0 {
		def["required"] = required
	}
}

func schemaOf(t *testing.T, root reflect.Type, id, title string) []byte {
	s := &schemer{comments(t), object{}}
	s.define(root)
	doc := s.defs[snake(root.Name())].(object)
	delete(s.defs, snake(root.Name()))
	doc["$schema"], doc["$id"], doc["title"], doc["$defs"] = "https://json-schema.org/draft/2020-12/schema", id, title, s.defs
	out, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

const (
	networkID = "urn:entremise:network.schema.json"
	formID    = "urn:entremise:form.schema.json"
)

func TestSchema_saysWhatTheTypesSay(t *testing.T) {
	generated(t, "schema/network.schema.json", schemaOf(t, reflect.TypeFor[Network](), networkID, "Entremise: network.yaml"))
	generated(t, "schema/form.schema.json", schemaOf(t, reflect.TypeFor[Form](), formID, "Entremise: a form"))
}

// compiled schemas by the kind of file that they judge.
func compiled(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	out := map[string]*jsonschema.Schema{}
	network, form := Schema()
	for _, s := range []struct {
		kind, id string
		data     []byte
	}{{"network.yaml", networkID, network}, {"forms", formID, form}} {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.data))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource(s.id, doc); err != nil {
			t.Fatal(err)
		}
		if out[s.kind], err = c.Compile(s.id); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// valid judges a YAML file as an editor would.
func valid(t *testing.T, schemas map[string]*jsonschema.Schema, file string, data []byte) error {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(data, &v); err != nil {
		return err
	}
	js, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(js))
	if err != nil {
		t.Fatal(err)
	}
	kind := file
	if strings.HasPrefix(file, "forms/") {
		kind = "forms"
	}
	return schemas[kind].Validate(doc)
}

// rows of the reference table, one per field, indented by depth.
func (s *schemer) rows(b *strings.Builder, t reflect.Type, path string, seen map[reflect.Type]bool) {
	for _, f := range fields(t) {
		if f.key {
			continue
		}
		sf := t.Field(f.index)
		name := path + f.name
		ft := sf.Type
		var deeper reflect.Type
		kind := ""
		switch e := elem(ft); {
		case ft == textType:
			kind = "words"
		case e.Kind() == reflect.Struct && e != textType && !isScalar(e):
			deeper = e
			kind = "part"
			if ft.Kind() == reflect.Slice {
				kind, name = "list", name+"[]"
				for _, ef := range fields(e) {
					if ef.key {
						kind, name = "names", strings.TrimSuffix(name, "[]")+".‹name›"
					}
				}
			}
			for _, ef := range fields(e) {
				if ef.value {
					deeper, kind = nil, "names → "+kindOf(e.Field(ef.index).Type)
				}
			}
		default:
			kind = kindOf(ft)
		}
		need := "yes"
		if f.opt {
			need = ""
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", name, kind, need, strings.ReplaceAll(s.docs[t.Name()][sf.Name], "|", `\|`))
		if deeper != nil && !seen[deeper] {
			seen[deeper] = true
			s.rows(b, deeper, name+".", seen)
		}
	}
}

func elem(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer || t.Kind() == reflect.Array {
		t = t.Elem()
	}
	return t
}

func isScalar(t reflect.Type) bool {
	_, ok := reflect.New(t).Interface().(scalar)
	return ok
}

func kindOf(t reflect.Type) string {
	prefix := ""
	if t.Kind() == reflect.Slice {
		prefix = "list of "
	}
	e := elem(t)
	if w, ok := reflect.New(e).Elem().Interface().(word); ok {
		return prefix + "`" + strings.Join(w.words(), "` `") + "`"
	}
	switch e {
	case textType:
		return prefix + "words"
	case amountType:
		return prefix + "euros"
	case rateType:
		return prefix + "percentage"
	}
	switch e.Kind() {
	case reflect.String:
		if isScalar(e) {
			return prefix + strings.ToLower(e.Name())
		}
		return prefix + "text"
	case reflect.Int:
		if isScalar(e) {
			return prefix + strings.ToLower(e.Name())
		}
		return prefix + "number"
	case reflect.Bool:
		return "true or false"
	}
	return prefix + strings.ToLower(e.Name())
}

// The reference in docs/ lies between two marks and is written from the types.
func TestReference_isInTheDocs(t *testing.T) {
	const file, begin, end = "../../docs/network-file.md", "<!-- reference: generated from internal/network -->\n", "<!-- end of reference -->"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the marks of the reference are missing")
	}
	s := &schemer{comments(t), object{}}
	var b strings.Builder
	for _, part := range []struct {
		title string
		t     reflect.Type
	}{{"network.yaml", reflect.TypeFor[Network]()}, {"forms/‹trade›.yaml", reflect.TypeFor[Form]()}} {
		b.WriteString("\n### " + part.title + "\n\n| where | what | required | meaning |\n|---|---|---|---|\n")
		s.rows(&b, part.t, "", map[reflect.Type]bool{})
	}
	b.WriteString("\n### Messages and their variables\n\n| key | reader | ways | variables |\n|---|---|---|---|\n")
	for _, k := range messageKeys {
		var ways []string
		if k.SMS {
			ways = append(ways, "sms")
		}
		if k.Email {
			ways = append(ways, "subject, email")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | `%s` |\n", k.Key, k.To, strings.Join(ways, ", "), strings.Join(braces(k.Vars), " "))
	}
	b.WriteString("\n### Figures for texts\n\n`{address.‹use›}` `{keep.‹purpose›}` `{archive.‹purpose›}` `{remainder.‹purpose›}` `{at_most.‹purpose›}` `{recredit.‹reason›}`")
	for _, name := range slices.Sorted(maps.Keys(figures)) {
		b.WriteString(" `{" + name + "}`")
	}
	b.WriteString("\n\n")
	generated(t, file, []byte(before+begin+b.String()+end+after))
}
