package network

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"entremise/internal/fault"
)

// Limits on what Load reads. An honest network stays far below them; they keep a hostile folder from costing memory or time.
const (
	maxFile  = 128 << 10 // bytes of one file
	maxLogo  = 32 << 10  // bytes of the logo
	maxTotal = 2 << 20   // bytes of the folder
	maxFiles = 200
	maxTold  = 200     // problems told of one file
	maxDepth = 12      // levels of YAML
	maxLine  = 4 << 10 // bytes of one line of YAML
)

// Severity tells a mistake from a remark.
type Severity string

// A network with a Mistake is not served; a Remark is for the operator to weigh. LawDiffers names an article, what the document says and
// what is executed; NotYet names what the file declares and this version of the program does not do.
const (
	Mistake    Severity = "error"
	Remark     Severity = "notice"
	LawDiffers Severity = "law"
	NotYet     Severity = "not-yet"
)

// Problem is one thing wrong with a network, where it stands, and how to mend it. Line is 0 when the whole file is meant.
type Problem struct {
	Severity Severity
	File     string
	Line     int
	Path     string // place inside the file, "purposes.introduce.keep"
	Text     fault.Text
}

// Say writes the problem on one line: forms/plombier.yaml:14 questions.age: …
func (p Problem) Say(lang string) string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if p.Path != "" {
		b.WriteString(" " + p.Path)
	}
	return b.String() + ": " + p.Text.Say(lang)
}

// Titled is Say, preceded by the severity of what is no mistake: "law: network.yaml:55 modules.recordings: …".
func (p Problem) Titled(lang string) string {
	if p.Severity == Mistake {
		return p.Say(lang)
	}
	return string(p.Severity) + ": " + p.Say(lang)
}

// Refused reports whether one of the problems is a Mistake.
func Refused(ps []Problem) bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return p.Severity == Mistake })
}

// source remembers where each part of the file stands, so that a contradiction found later can name its line.
type source struct {
	lines map[string]map[string]int // file → path → line
}

// at is the line of a path or of the nearest part above it.
func (s source) at(file, p string) int {
	for {
		if line, ok := s.lines[file][p]; ok {
			return line
		}
		i := strings.LastIndexByte(p, '.')
		if i < 0 {
			return 0
		}
		p = p[:i]
	}
}

// Load reads the folder of a network. With any Mistake the network is nil and the list holds all of them, ordered by file and line.
// What Load accepts is well formed; whether it makes sense is for [Check].
func Load(fsys fs.FS) (*Network, []Problem) {
	files, probs := read(fsys)
	n := &Network{forms: map[string]*Form{}, texts: map[string]map[string]string{}, src: source{map[string]map[string]int{}}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		data := files[name]
		switch dir, base := path.Split(name); {
		case name == "network.yaml":
			probs = append(probs, n.decode(name, data, n)...)
		case dir == "forms/":
			f := &Form{Name: strings.TrimSuffix(base, ".yaml")}
			probs = append(probs, n.decode(name, data, f)...)
			sum := sha256.Sum256(data)
			f.version = hex.EncodeToString(sum[:])
			n.forms[f.Name] = f
		case name == "logo.svg":
			n.logo = data
			if why := unsafeSVG(data); why != "" {
				probs = append(probs, Problem{Mistake, name, 0, "", fault.Tf(
					"le logo contient « %s » : n’y gardez que des formes et du texte, sans script, lien ni image.",
					"the logo holds %q: keep shapes and text only, no script, link or picture.", why)})
			}
		default:
			lang := path.Base(dir)
			if n.texts[lang] == nil {
				n.texts[lang] = map[string]string{}
			}
			n.texts[lang][strings.TrimSuffix(base, ".md")] = string(data)
		}
	}
	slices.SortStableFunc(probs, func(a, b Problem) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	if Refused(probs) {
		return nil, probs
	}
	n.complete()
	n.hash = hashOf(files)
	return n, probs
}

// complete fills what the table of trades knows and the file leaves out, then writes figures into sentences.
func (n *Network) complete() {
	for i := range n.Trades {
		t := &n.Trades[i]
		if t.Form == "" {
			t.Form = t.Slug
		}
		if t.Who.FR == "" {
			t.Who = fault.T("un professionnel", "a professional")
		}
		if k, ok := known[t.Slug]; ok {
			t.NAF = k.naf
			if t.Label.FR == "" {
				t.Label = k.label
			}
		}
	}
	n.expand(reflect.ValueOf(n).Elem())
}

var (
	formName = regexp.MustCompile(`^forms/[a-z0-9][a-z0-9-]{0,40}\.yaml$`)
	textName = regexp.MustCompile(`^texts/(fr|en)/[a-z0-9][a-z0-9-]{0,40}\.md$`)
)

// read takes the files that make a network; a file that would be ignored in silence is a problem, because its author thinks it counts.
func read(fsys fs.FS) (map[string][]byte, []Problem) {
	files := map[string][]byte{}
	var probs []Problem
	wrong := func(name, fr, en string, args ...any) {
		probs = append(probs, Problem{Mistake, name, 0, "", fault.Tf(fr, en, args...)})
	}
	total := 0
	err := fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if name != "." && strings.HasPrefix(base, ".") || strings.HasSuffix(base, "~") || name == "README.md" {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if e.IsDir() {
			return nil
		}
		if name != "network.yaml" && name != "logo.svg" && !formName.MatchString(name) && !textName.MatchString(name) {
			wrong(name, "ce fichier n’est pas lu : un réseau contient network.yaml, forms/<nom>.yaml, texts/fr/<nom>.md, texts/en/<nom>.md et logo.svg. Renommez-le ou retirez-le.",
				"this file is not read: a network holds network.yaml, forms/<name>.yaml, texts/fr/<name>.md, texts/en/<name>.md and logo.svg. Rename or remove it.")
			return nil
		}
		limit := maxFile
		if name == "logo.svg" {
			limit = maxLogo
		}
		data, err := readLimited(fsys, name, limit)
		switch {
		case errors.Is(err, errTooLarge):
			wrong(name, "ce fichier dépasse %d Ko : raccourcissez-le.", "this file is larger than %d kB: shorten it.", limit>>10)
			return nil
		case err != nil:
			return err
		case !utf8.Valid(data):
			wrong(name, "ce fichier n’est pas en UTF-8 : enregistrez-le dans cet encodage.", "this file is not UTF-8: save it in that encoding.")
			return nil
		}
		if total += len(data); total > maxTotal || len(files) == maxFiles {
			wrong(name, "le dossier dépasse %d fichiers ou %d Mo : retirez ce qui ne sert pas.",
				"the folder holds more than %d files or %d MB: remove what is not needed.", maxFiles, maxTotal>>20)
			return fs.SkipAll
		}
		files[name] = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
		return nil
	})
	if err != nil {
		wrong(".", "le dossier ne se lit pas : %v", "the folder cannot be read: %v", err)
	} else if _, ok := files["network.yaml"]; !ok && len(probs) == 0 {
		wrong("network.yaml", "ce fichier manque : c’est lui qui décrit le réseau.", "this file is missing: it describes the network.")
	}
	return files, probs
}

var errTooLarge = errors.New("network: file too large")

func readLimited(fsys fs.FS, name string, limit int) (_ []byte, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = cmp.Or(err, f.Close()) }()
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err == nil && len(data) > limit {
		err = errTooLarge
	}
	return data, err
}

// Pack makes one value of a folder, to be stored: the same files give the same bytes and the same hash on every machine. It does not
// judge the contents; Load them first.
func Pack(fsys fs.FS) (bundle []byte, hash string, err error) {
	files, probs := read(fsys)
	if len(probs) > 0 {
		return nil, "", errors.New("network: " + probs[0].Say("en"))
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store}) // no compression, no time: nothing that may vary
		if err == nil {
			_, err = f.Write(files[name])
		}
		if err != nil {
			return nil, "", err
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return b.Bytes(), hashOf(files), nil
}

// Unpack gives back the folder that Pack stored. A bundle from an untrusted place is safe to open; Load then limits what is read.
func Unpack(bundle []byte) (fs.FS, error) {
	r, err := zip.NewReader(bytes.NewReader(bundle), int64(len(bundle)))
	if err != nil {
		return nil, fmt.Errorf("network: stored version is damaged: %w", err)
	}
	return r, nil
}

// hashOf covers names and contents, each preceded by its length, in the order of the names; the container does not count.
func hashOf(files map[string][]byte) string {
	h := sha256.New()
	part := func(b []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
		h.Write(b)
	}
	part([]byte("entremise network 1"))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		part([]byte(name))
		part(files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

var svgElements = strings.Fields("svg g path rect circle ellipse line polyline polygon text tspan title desc defs linearGradient radialGradient stop clipPath")

// unsafeSVG names the first thing in a drawing that could do more than draw, "" when there is none. The logo is served by the sites, so that a
// script in it would run with their rights in whoever opens it by its address.
func unsafeSVG(data []byte) string {
	d := xml.NewDecoder(bytes.NewReader(data))
	seen := false
	for {
		t, err := d.Token()
		if err == io.EOF && seen {
			return ""
		}
		if err != nil {
			return err.Error()
		}
		switch t := t.(type) {
		case xml.StartElement:
			if !slices.Contains(svgElements, t.Name.Local) {
				return "<" + t.Name.Local + ">"
			}
			seen = true
			for _, a := range t.Attr {
				name, value := strings.ToLower(a.Name.Local), strings.ToLower(a.Value)
				local := strings.HasPrefix(strings.TrimSpace(value), "url(#")
				if strings.HasPrefix(name, "on") || name == "href" || name == "style" || strings.Contains(value, "url(") && !local {
					return name
				}
			}
		case xml.Directive:
			return "<!" + string(t)
		}
	}
}
