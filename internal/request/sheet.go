package request

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"entremise/internal/billing/paper"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/phone"
)

// Sheet is what a professional holds in his hand once he has paid (ET-24, ET-88): who, where, what. It is made at each reading from what he
// may read at that moment, and never stored. Texts are ready in his language.
type Sheet struct {
	Lang       string
	Ref        string
	Trade      string
	Title      string // the need in a few words: "Fuite sous évier"
	Operator   string
	Taken      time.Time // in the zone of the place
	CallBefore time.Time // zero when no clock runs
	Name       string
	Company    string
	Phone      string // E.164
	Email      string
	Street     string // empty when it was not given
	Postcode   string
	Commune    string
	Lines      []SheetLine
	Words      string   // free text of the consumer
	Price      string   // "36,00 € HT (43,20 € TTC)"
	Rules      []string // what the network says about the use of these data (ET-57, ET-134, ET-135)
}

// SheetLine is a question and its answer.
type SheetLine struct{ Question, Answer string }

var (
	sheetTitle  = paper.Style{Size: 17, Bold: true, Ink: paper.Black}
	sheetName   = paper.Style{Size: 14, Bold: true, Ink: paper.Black}
	sheetPhone  = paper.Style{Size: 22, Bold: true, Ink: paper.Accent}
	sheetBody   = paper.Style{Size: 10.5, Ink: paper.Black}
	sheetStrong = paper.Style{Size: 10.5, Bold: true, Ink: paper.Black}
	sheetLabel  = paper.Style{Size: 8, Ink: paper.Grey}
)

// RenderSheet sets the sheet on A4: the number to call is the largest thing on the page.
func RenderSheet(s Sheet) ([]byte, error) {
	t := func(fr, en string) string { return fault.T(fr, en).Say(s.Lang) }
	const wide = paper.Right - paper.Left
	p := paper.New(s.Ref+" "+s.Title, s.Operator, s.Taken)
	p.Footer(func(page, of int) {
		p.Rule(paper.Left, paper.Right, 278, 0.15, paper.Hair)
		p.Text(paper.Left, 283, sheetLabel, s.Operator+" · "+s.Ref)
		p.Right(paper.Right, 283, sheetLabel, fmt.Sprintf("%d / %d", page, of))
	})

	p.Text(paper.Left, 24, sheetLabel, s.Operator)
	p.Right(paper.Right, 24, sheetLabel, t("Demande ", "Request ")+s.Ref)
	y := p.Block(paper.Left, 35, wide, sheetTitle, s.Title) - sheetTitle.Leading() + 6
	p.Text(paper.Left, y, sheetBody, s.Trade+" · "+t("achetée le ", "bought on ")+sheetMoment(s.Taken, s.Lang))
	p.Rule(paper.Left, paper.Right, y+5, 0.3, paper.Black)

	y += 15
	who := s.Name
	if s.Company != "" {
		who = s.Company + ", " + s.Name
	}
	y = p.Block(paper.Left, y, wide, sheetName, who) + 4
	number := phone.Display(s.Phone)
	p.Text(paper.Left, y, sheetPhone, number)
	p.Link(paper.Left, y, p.Measure(sheetPhone, number), sheetPhone, "tel:"+s.Phone)
	if !s.CallBefore.IsZero() {
		p.Right(paper.Right, y, sheetStrong, t("Appelez avant ", "Call before ")+sheetClock(s.CallBefore, s.Lang))
	}
	y += 9
	if s.Email != "" {
		p.Text(paper.Left, y, sheetBody, s.Email)
		p.Link(paper.Left, y, p.Measure(sheetBody, s.Email), sheetBody, "mailto:"+s.Email)
		y += sheetBody.Leading()
	}
	if s.Street != "" {
		y = p.Block(paper.Left, y, wide, sheetBody, s.Street)
	}
	p.Text(paper.Left, y, sheetBody, s.Postcode+" "+s.Commune)
	y += 12

	next := func(height float64) {
		if y+height > paper.Foot {
			p.Page()
			y = 28
		}
	}
	const answers = paper.Left + 68
	for _, l := range s.Lines {
		left, right := p.Lines(answers-paper.Left-6, sheetLabel, l.Question), p.Lines(paper.Right-answers, sheetBody, l.Answer)
		height := max(float64(len(left))*sheetLabel.Leading()+1, float64(len(right))*sheetBody.Leading())
		next(height)
		p.Block(paper.Left, y, answers-paper.Left-6, sheetLabel, l.Question)
		p.Block(answers, y, paper.Right-answers, sheetBody, l.Answer)
		y += height
		p.Rule(paper.Left, paper.Right, y-2.6, 0.15, paper.Hair)
		y += 3
	}
	if s.Words != "" {
		y += 3
		next(3 * sheetBody.Leading())
		p.Text(paper.Left, y, sheetLabel, t("Dans ses mots", "In their own words"))
		y += 6
		for _, line := range p.Lines(wide, sheetBody, s.Words) {
			next(0)
			p.Text(paper.Left, y, sheetBody, line)
			y += sheetBody.Leading()
		}
	}
	y += 4
	for _, rule := range append([]string{t("Prix de la mise en relation : ", "Price of the introduction: ") + s.Price}, s.Rules...) {
		next(float64(len(p.Lines(wide, sheetLabel, rule))) * sheetLabel.Leading())
		y = p.Block(paper.Left, y, wide, sheetLabel, rule) + 1
	}
	return p.Bytes()
}

func sheetMoment(t time.Time, lang string) string {
	at := " à "
	if lang == "en" {
		at = " at "
	}
	return geo.Date(t, lang) + at + sheetClock(t, lang)
}

func sheetClock(t time.Time, lang string) string {
	if lang == "en" {
		return t.Format("15:04")
	}
	return fmt.Sprintf("%d\u00a0h\u00a0%02d", t.Hour(), t.Minute())
}

// VCard writes the contact as vCard 4.0 (RFC 6350), so that one tap puts it into a telephone. Every value is escaped and every line folded
// at 75 octets without cutting a character.
func VCard(s Sheet) []byte {
	var b strings.Builder
	line := func(l string) {
		for n := 75; len(l) > n; n = 74 { // a continuation begins with a space
			cut := n
			for !utf8.RuneStart(l[cut]) {
				cut--
			}
			b.WriteString(l[:cut] + "\r\n ")
			l = l[cut:]
		}
		b.WriteString(l + "\r\n")
	}
	line("BEGIN:VCARD")
	line("VERSION:4.0")
	line("FN:" + vText(s.Name))
	// A name as people give it is one string: it is not guessed which word is the family's.
	line("N:" + vText(s.Name) + ";;;;")
	if s.Company != "" {
		line("ORG:" + vText(s.Company))
	}
	line("TEL;VALUE=uri;TYPE=voice:tel:" + vText(s.Phone))
	if s.Email != "" {
		line("EMAIL:" + vText(s.Email))
	}
	line("ADR:;;" + vText(s.Street) + ";" + vText(s.Commune) + ";;" + vText(s.Postcode) + ";France")
	line("NOTE:" + vText(s.Title+" ("+s.Trade+", "+s.Ref+", "+s.Operator+")"))
	line("REV:" + s.Taken.UTC().Format("20060102T150405Z"))
	line("END:VCARD")
	return []byte(b.String())
}

// vText escapes a value (RFC 6350 §3.4); control characters, which could end the line, go.
func vText(s string) string {
	s = strings.NewReplacer("\r\n", "\n", `\`, `\\`, ",", `\,`, ";", `\;`).Replace(strings.ToValidUTF8(s, ""))
	s = strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	return strings.ReplaceAll(s, "\n", `\n`)
}
