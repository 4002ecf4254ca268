package billing

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"entremise/internal/money"

	"pgregory.net/rapid"
)

func sample() Snapshot {
	capital := money.Euros(10_000)
	return Snapshot{
		Kind: Invoice, Number: "F2026-000142", Issued: "2026-11-22", Delivered: "2026-11-22",
		Seller: Seller{
			Party: Party{Name: "Dépannage Garanti du Midi", Address: []string{"12 rue de la République", "30000 Nîmes"}, SIREN: "000000018", VATID: "FR12000000018"},
			Form:  "SAS", Capital: &capital, RCS: "Nîmes", Contact: []string{"04 66 00 00 00 · facturation@exemple.fr"},
		},
		Buyer: Party{Name: "Plomberie Œuvrard & Fils", Address: []string{"3 chemin des Oliviers", "30900 Nîmes"}, SIREN: "999999998", VATID: "FR88999999998"},
		Lines: []Line{
			{Description: "Mise en relation D-7F3K2 : fuite sous évier, Nîmes 30000, place 1 sur 3", Quantity: 1, Unit: 3600, Rate: 2000},
			{Description: "Mise en relation D-9Q1XA : chauffe-eau en panne, Saint-Hippolyte-de-Montaigu 30700, place 2 sur 3", Quantity: 1, Unit: 124_550, Rate: 2000},
		},
		Paid:  &Payment{On: "2026-11-22", Means: "par portefeuille"},
		Terms: Terms{LateRate: 1240, Recovery: money.Euros(40), OnDebits: true},
	}
}

func frozen(t testing.TB, s Snapshot) Snapshot {
	t.Helper()
	f, err := s.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// show writes the page where ENTREMISE_SHOTS says, for eyes.
func show(t *testing.T, name string, pdf []byte) {
	t.Helper()
	if dir := os.Getenv("ENTREMISE_SHOTS"); dir != "" {
		if err := os.WriteFile(dir+"/"+name+".pdf", pdf, 0o644); err != nil {
			t.Error(err)
		}
	}
}

func TestFreeze_sums(t *testing.T) {
	s := frozen(t, sample())
	if s.Net != 128_150 || s.VAT != 25_630 || s.Gross != 153_780 || len(s.Rates) != 1 {
		t.Error(s.Net, s.VAT, s.Gross, s.Rates)
	}
	rapid.Check(t, func(r *rapid.T) {
		s := sample()
		s.Terms.Exemption = "Exonération, art. 261 du CGI"
		s.Lines = rapid.SliceOfN(rapid.Custom(func(r *rapid.T) Line {
			return Line{Description: "x", Quantity: rapid.Int64Range(1, 99).Draw(r, "quantity"), Unit: money.Amount(rapid.Int64Range(0, 199_900).Draw(r, "unit")),
				Rate: rapid.SampledFrom([]money.Rate{0, 210, 550, 850, 1000, 2000}).Draw(r, "rate")}
		}), 1, 30).Draw(r, "lines")
		f, err := s.Freeze()
		if err != nil {
			r.Fatal(err)
		}
		var net, vat money.Amount
		for _, x := range f.Rates {
			net, vat = net+x.Net, vat+x.VAT
		}
		if net != f.Net || vat != f.VAT || f.Gross != f.Net+f.VAT {
			r.Fatal("rates do not add up to the total")
		}
		raw, err := f.Canonical()
		if err != nil {
			r.Fatal(err)
		}
		back, err := ReadSnapshot(raw)
		if err != nil {
			r.Fatal(err)
		}
		if again, err := back.Canonical(); err != nil || !bytes.Equal(again, raw) {
			r.Fatal("not the same after reading", err)
		}
	})
}

func TestFreeze_refusesWhatLacksAMention(t *testing.T) {
	for name, spoil := range map[string]func(*Snapshot){
		"no number":              func(s *Snapshot) { s.Number = "" },
		"no date":                func(s *Snapshot) { s.Issued = "22/11/2026" },
		"impossible date":        func(s *Snapshot) { s.Delivered = "2026-02-30" },
		"buyer without SIREN":    func(s *Snapshot) { s.Buyer.SIREN = "" },
		"wrong SIREN":            func(s *Snapshot) { s.Buyer.SIREN = "999999999" },
		"letters in SIREN":       func(s *Snapshot) { s.Buyer.SIREN = "99999999X" },
		"wrong VAT number":       func(s *Snapshot) { s.Buyer.VATID = "12" },
		"no address":             func(s *Snapshot) { s.Buyer.Address = nil },
		"no seller VAT":          func(s *Snapshot) { s.Seller.VATID = "" },
		"capital without RCS":    func(s *Snapshot) { s.Seller.RCS = "" },
		"no lines":               func(s *Snapshot) { s.Lines = nil },
		"too many lines":         func(s *Snapshot) { s.Lines = make([]Line, 1001) },
		"negative price":         func(s *Snapshot) { s.Lines[0].Unit = -1 },
		"a sum beyond int64":     func(s *Snapshot) { s.Lines[0].Quantity, s.Lines[0].Unit = 1<<40, 1<<40 },
		"no quantity":            func(s *Snapshot) { s.Lines[0].Quantity = 0 },
		"no description":         func(s *Snapshot) { s.Lines[0].Description = " " },
		"control character":      func(s *Snapshot) { s.Lines[0].Description = "a\x00b" },
		"not UTF-8":              func(s *Snapshot) { s.Lines[0].Description = "\xff" },
		"zero rate, no reason":   func(s *Snapshot) { s.Lines[0].Rate = 0 },
		"neither paid nor due":   func(s *Snapshot) { s.Paid = nil },
		"credit note of nothing": func(s *Snapshot) { s.Kind = CreditNote },
		"invoice that corrects":  func(s *Snapshot) { s.Corrects = &Reference{Number: "F1", Issued: "2026-11-01"} },
		"no late rate":           func(s *Snapshot) { s.Terms.LateRate = 0 },
		"no recovery fee":        func(s *Snapshot) { s.Terms.Recovery = 0 },
		"unknown kind":           func(s *Snapshot) { s.Kind = "quote" },
	} {
		s := sample()
		spoil(&s)
		if _, err := s.Freeze(); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if _, err := RenderPDF(s); err == nil {
			t.Errorf("%s: rendered", name)
		}
	}
}

func TestReadSnapshot_refusesTouchedOnes(t *testing.T) {
	raw, err := frozen(t, sample()).Canonical()
	if err != nil {
		t.Fatal(err)
	}
	for name, touched := range map[string]string{
		"a sum":    strings.Replace(string(raw), `"gross":153780`, `"gross":153779`, 1),
		"a member": strings.Replace(string(raw), `{"format"`, `{"note":"x","format"`, 1),
		"a space":  strings.Replace(string(raw), `,"kind"`, `, "kind"`, 1),
		"a tail":   string(raw) + "{}",
		"a format": strings.Replace(string(raw), `"format":1`, `"format":2`, 1),
		"a half":   string(raw[:len(raw)/2]),
		"nothing":  "",
	} {
		if _, err := ReadSnapshot([]byte(touched)); err == nil {
			t.Errorf("%s was touched and not noticed", name)
		}
	}
}

func FuzzReadSnapshot(f *testing.F) {
	raw, err := frozen(f, sample()).Canonical()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := ReadSnapshot(in)
		if err != nil {
			return
		}
		if again, err := s.Canonical(); err != nil || !bytes.Equal(again, in) {
			t.Error("two forms of one snapshot")
		}
	})
}

// words reads the text of a PDF back: the strings of an uncompressed content stream are UTF-16, since the font is addressed by character.
func words(t *testing.T, s Snapshot) string {
	t.Helper()
	pdf, err := RenderPDF(s)
	if err != nil {
		t.Fatal(err)
	}
	return pdfText(t, pdf)
}

func TestRenderPDF_saysWhatTheLawWants(t *testing.T) {
	s := sample()
	s.Lines[1].Rate = 1000
	got := words(t, frozen(t, s))
	for _, want := range []string{
		"Facture", "n° F2026-000142", "Dépannage Garanti du Midi", "12 rue de la République", "30000 Nîmes", "SAS au capital de 10\u202f000\u00a0€", "000\u202f000\u202f018 RCS Nîmes", "TVA FR12000000018",
		"Plomberie Œuvrard & Fils", "SIREN 999\u202f999\u202f998", "TVA FR88999999998", "22\u00a0novembre\u00a02026", "Date de la prestation",
		"1\u202f245,50\u00a0€", "TVA 20\u00a0% sur 36,00\u00a0€", "7,20\u00a0€", "TVA 10\u00a0% sur 1\u202f245,50\u00a0€", "124,55\u00a0€", "Total HT", "Total TTC", "1\u202f413,25\u00a0€",
		"par portefeuille", "Aucun escompte", "12,4\u00a0%", "40,00\u00a0€", "L441-10", "D441-5", "prestation de services", "d’après les débits", "1 / 1",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}

func TestRenderPDF_creditNote(t *testing.T) {
	s := sample()
	s.Kind, s.Number, s.Lines = CreditNote, "A2026-000003", s.Lines[:1]
	s.Corrects = &Reference{Number: "F2026-000142", Issued: "2026-12-01"}
	s = frozen(t, s)
	got := words(t, s)
	for _, want := range []string{"Avoir", "Cet avoir rectifie la facture n° F2026-000142 du 1er\u00a0décembre\u00a02026", "Avoir TTC", "43,20\u00a0€", "Remboursé le"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if strings.Contains(got, "Aucun escompte") {
		t.Error("a credit note has no terms of payment")
	}
	pdf, err := RenderPDF(s)
	if err != nil {
		t.Fatal(err)
	}
	show(t, "credit-note", pdf)
}

func TestRenderPDF_sameBytesEveryTime(t *testing.T) {
	s := frozen(t, sample())
	a, err := RenderPDF(s)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		b, err := RenderPDF(s)
		if err != nil || !bytes.Equal(a, b) {
			t.Fatal("another rendering of the same snapshot", err)
		}
	}
	if len(a) > 120<<10 {
		t.Errorf("%d bytes", len(a))
	}
	show(t, "invoice", a)
}

func TestRenderPDF_manyLinesHostileNames(t *testing.T) {
	s := sample()
	s.Paid, s.Due = nil, "2026-12-22"
	s.Buyer.Name = strings.Repeat("Très longue raison sociale ", 6) + "Łódź Nguyễn Владимир 👍 \u202eevil"
	s.Lines = nil
	for i := range 90 {
		s.Lines = append(s.Lines, Line{Description: fmt.Sprintf("Mise en relation %d ", i) + strings.Repeat("motsanscoupure", i%9*2), Quantity: int64(i%3 + 1), Unit: 3600, Rate: 2000})
	}
	s = frozen(t, s)
	pdf, err := RenderPDF(s)
	if err != nil {
		t.Fatal(err)
	}
	show(t, "invoice-long", pdf)
	got := pdfText(t, pdf)
	pages := bytes.Count(pdf, []byte("/Type /Page\n"))
	if pages < 3 || !strings.Contains(got, fmt.Sprintf("%d / %d", pages, pages)) || !strings.Contains(got, "À régler au plus tard le") {
		t.Error(pages, "pages")
	}
	if strings.Contains(got, "\u202e") {
		t.Error("a direction override on paper")
	}
}

var pdfString = regexp.MustCompile(`(?s)\(((?:[^()\\]|\\.)*)\)\s*Tj`)

func pdfText(t *testing.T, pdf []byte) string {
	t.Helper()
	var b strings.Builder
	for _, stream := range streams(t, pdf) {
		for _, m := range pdfString.FindAllSubmatch(stream, -1) {
			raw := regexp.MustCompile(`(?s)\\(.)`).ReplaceAllFunc(m[1], func(e []byte) []byte {
				if e[1] == 'r' {
					return []byte{'\r'}
				}
				return e[1:]
			})
			units := make([]uint16, 0, len(raw)/2)
			for i := 0; i+1 < len(raw); i += 2 {
				units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
			}
			b.WriteString(string(utf16.Decode(units)) + "\n")
		}
	}
	return strings.NewReplacer("\n", " ").Replace(b.String())
}

// streams inflates the content streams.
func streams(t *testing.T, pdf []byte) (all [][]byte) {
	t.Helper()
	for rest := pdf; ; {
		_, after, ok := bytes.Cut(rest, []byte("stream\n"))
		if !ok {
			return all
		}
		content, next, ok := bytes.Cut(after, []byte("\nendstream"))
		if !ok {
			t.Fatal("an open stream")
		}
		if r, err := zlib.NewReader(bytes.NewReader(content)); err == nil {
			if text, err := io.ReadAll(r); err == nil && bytes.Contains(text, []byte(" Tf")) {
				all = append(all, text)
			}
		}
		rest = next
	}
}
