package request

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func taken() Sheet {
	at := time.Date(2026, 11, 22, 9, 9, 40, 0, time.FixedZone("CET", 3600))
	return Sheet{
		Lang: "fr", Ref: "D-7F3K2", Trade: "Plomberie", Title: "Fuite sous évier", Operator: "Dépannage Garanti du Midi", Taken: at, CallBefore: at.Add(10 * time.Minute),
		Name: "Amélie Œuvrard", Phone: "+33639980001", Email: "amelie@exemple.org", Street: "3 chemin des Oliviers, 2e étage, code 12A4", Postcode: "30000", Commune: "Nîmes",
		Lines: []SheetLine{{"Où est la fuite ?", "Sous l’évier de la cuisine"}, {"L’eau coule-t-elle encore ?", "Oui, goutte à goutte ; l’arrivée est fermée"}, {"Êtes-vous propriétaire ou locataire de ce logement ?", "Locataire"}, {"Quand êtes-vous là ?", "Toute la matinée"}},
		Words: "Le joint a lâché hier soir. J’ai mis une bassine, elle se remplit en deux heures.\nSonnez deux fois, le chien aboie mais il est gentil.",
		Price: "36,00\u00a0€ HT (43,20\u00a0€ TTC)",
		Rules: []string{"N’utilisez ces coordonnées que pour cette intervention, ne les transmettez à personne et n’en gardez pas copie ensuite."},
	}
}

func TestRenderSheet(t *testing.T) {
	long := taken()
	long.Lang, long.Words = "en", strings.Repeat("Une phrase un peu longue qui continue sans fin. ", 120)
	long.Company = "Copropriété Les Jardins de la Fontaine"
	for name, s := range map[string]Sheet{"sheet": taken(), "sheet-long": long} {
		pdf, err := RenderSheet(s)
		if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF")) {
			t.Fatal(name, err)
		}
		for _, link := range []string{"(tel:+33639980001)", "(mailto:amelie@exemple.org)"} {
			if !bytes.Contains(pdf, []byte(link)) {
				t.Errorf("%s: no link %s", name, link)
			}
		}
		if pages := bytes.Count(pdf, []byte("/Type /Page\n")); (name == "sheet") != (pages == 1) {
			t.Errorf("%s: %d pages", name, pages)
		}
		if dir := os.Getenv("ENTREMISE_SHOTS"); dir != "" {
			if err := os.WriteFile(dir+"/"+name+".pdf", pdf, 0o644); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestVCard(t *testing.T) {
	s := taken()
	s.Name = "Œuvrard; Amélie, \\ dite\r\nTEL:0"
	got := string(VCard(s))
	want := "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Œuvrard\\; Amélie\\, \\\\ dite\\nTEL:0\r\nN:Œuvrard\\; Amélie\\, \\\\ dite\\nTEL:0;;;;\r\n" +
		"TEL;VALUE=uri;TYPE=voice:tel:+33639980001\r\nEMAIL:amelie@exemple.org\r\nADR:;;3 chemin des Oliviers\\, 2e étage\\, code 12A4;Nîmes;;30000;France\r\n"
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "\r\nREV:20261122T080940Z\r\nEND:VCARD\r\n") {
		t.Error(got)
	}
}

func TestVCard_foldsAndUnfolds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := taken()
		s.Name, s.Street, s.Title = rapid.String().Draw(r, "name"), rapid.String().Draw(r, "street"), rapid.StringN(0, 300, 900).Draw(r, "title")
		card := VCard(s)
		if !utf8.Valid(card) {
			r.Fatal("not UTF-8")
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(string(card), "\r\n"), "\r\n") {
			if len(line) > 75 || strings.ContainsAny(line, "\r\n") || !utf8.ValidString(line) {
				r.Fatalf("line %q", line)
			}
		}
		properties := strings.Split(strings.TrimSuffix(strings.ReplaceAll(string(card), "\r\n ", ""), "\r\n"), "\r\n")
		if len(properties) != 10 {
			r.Fatalf("smuggled a property: %q", properties)
		}
	})
}
