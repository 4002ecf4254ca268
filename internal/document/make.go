package document

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"

	"entremise/internal/fault"
	"entremise/internal/network"
)

// Lang is the language of a document: fr, which prevails (ET-01), or en.
type Lang string

// T picks one of two sentences; both are always written.
func (l Lang) T(fr, en string) string {
	if l == "en" {
		return en
	}
	return fr
}

// Tf formats the sentence picked.
func (l Lang) Tf(fr, en string, args ...any) string { return fmt.Sprintf(l.T(fr, en), args...) }

// Series joins things that may hold commas.
func (l Lang) Series(words []string) string { return strings.Join(words, l.T(" ; ", "; ")) }

func (l Lang) said(t fault.Text) string { return t.Say(string(l)) }

// langs are the languages in which every document is made.
var langs = []Lang{"fr", "en"}

// sheet is a document while it is made: Markdown, the one form in which versions are kept, compared and shown.
type sheet struct {
	strings.Builder
	Lang
	n *network.Network
}

// Make writes a document of an edition: its title and its Markdown. Figures are those that the software obeys; the day from which the version applies stays open
// ({network.in_force}), because the same words may apply from several days and are the same version. ok is false for a text that the network does not have.
func Make(n *network.Network, kind network.DocumentKind, l Lang) (title, source string, ok bool) {
	s := &sheet{Lang: l, n: n}
	title = l.said(kind.DocumentTitle())
	words, operators := n.Words(string(l), n.TextOf(kind))
	if operators {
		var own string
		if own, words = splitTitle(words); own != "" {
			title = own
		}
	}
	switch kind {
	case network.DocPrivacy:
		s.notice(words)
	case network.DocCookies:
		s.cookies(words)
	case network.DocRetention:
		s.retention()
	case network.DocLegal:
		s.legal(words)
	default:
		if !operators {
			return "", "", false
		}
		s.WriteString(words)
	}
	return title, strings.TrimSpace(s.String()) + "\n", true
}

func splitTitle(text string) (title, body string) {
	line, rest, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if t, ok := strings.CutPrefix(line, "# "); ok {
		return t, rest
	}
	return "", text
}

// h writes a heading of the second level, hh one of the third, p a paragraph, li a point of a list. Values of the file go through md first.
func (s *sheet) h(text string)  { s.WriteString("\n## " + text + "\n") }
func (s *sheet) hh(text string) { s.WriteString("\n### " + text + "\n") }
func (s *sheet) p(text string) {
	if text != "" {
		s.WriteString("\n" + text + "\n")
	}
}

func (s *sheet) list(points ...string) {
	s.WriteString("\n")
	for _, p := range points {
		if p != "" {
			s.WriteString("- " + p + "\n")
		}
	}
}

// table writes a table; the first row is its head.
func (s *sheet) table(rows ...[]string) {
	s.WriteString("\n")
	for i, r := range rows {
		s.WriteString("| " + strings.Join(r, " | ") + " |\n")
		if i == 0 {
			s.WriteString(strings.Repeat("|---", len(r)) + "|\n")
		}
	}
}

// demoted is the operator's own text below one of our headings: its headings go a level down.
func demoted(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "#") {
			lines[i] = "#" + l
		}
	}
	return strings.Join(lines, "\n")
}

var mdSpecial = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "|", `\|`, "#", `\#`, "~", `\~`, "\n", " ")

// md is a value of the file inside our Markdown: it stands as it is written, whatever it holds.
func md(s string) string { return mdSpecial.Replace(s) }

// link writes a link; goldmark leaves addresses that run scripts out.
func link(text, url string) string {
	return "[" + md(text) + "](<" + strings.NewReplacer("<", "%3C", ">", "%3E", "\n", "").Replace(url) + ">)"
}

var markdown = goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()), goldmark.WithRendererOptions(html.WithXHTML()))

// render makes the article: tables scroll inside themselves on a narrow screen, and can be reached by keyboard.
func render(source string, l Lang) (string, error) {
	var out bytes.Buffer
	if err := markdown.Convert([]byte(source), &out); err != nil {
		return "", err
	}
	return strings.NewReplacer("<table>", `<div class="scroll" tabindex="0" role="region" aria-label="`+l.T("Tableau", "Table")+`"><table>`, "</table>", "</table></div>",
		"<th>", `<th scope="col">`).Replace(out.String()), nil
}

// Basis says a legal basis to the person concerned (GDPR art. 6.1, 13.1 c).
func Basis(l Lang, b network.Basis, who network.Person) string {
	switch b {
	case network.BasisConsent:
		return l.T("votre accord", "your consent")
	case network.BasisContract:
		if who == network.Consumer || who == network.Visitor {
			return l.T("votre demande", "your request")
		}
		return l.T("notre contrat avec vous", "our contract with you")
	case network.BasisLegal:
		return l.T("une obligation légale", "a legal duty")
	}
	return l.T("notre intérêt légitime", "our legitimate interest")
}

// article of GDPR 6.1 that a basis is.
func article(b network.Basis) string {
	return map[network.Basis]string{network.BasisConsent: "6.1 a", network.BasisContract: "6.1 b", network.BasisLegal: "6.1 c", network.BasisLegitimate: "6.1 f"}[b]
}

// Active says the time before archive or end, and what makes it start anew.
func Active(l Lang, k *network.Keep) string {
	if k == nil {
		return ""
	}
	out := l.said(k.Text())
	if k.Starts() != network.FromCollection {
		out += l.Tf(" depuis %s", " from %s", l.said(k.Starts().Label()))
	}
	if !k.AtMost.IsZero() {
		out += l.Tf(", %s au plus", ", %s at most", l.said(k.AtMost.Text()))
	}
	if len(k.RenewedBy) > 0 {
		acts := make([]string, len(k.RenewedBy))
		for i, r := range k.RenewedBy {
			acts[i] = l.said(r.Label())
		}
		out += l.Tf(" (le délai repart après %s)", " (the time starts anew after %s)", oneOf(acts, l.T("ou", "or")))
	}
	if r := k.Remainder; r != nil {
		out += l.Tf(", puis une empreinte illisible %s", ", then an unreadable digest for %s", l.said(r.For.Text()))
	}
	return out
}

// oneOf joins words as a sentence does: a, b ou c.
func oneOf(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}

// Kept says a retention in words.
func Kept(l Lang, k *network.Keep) string {
	out := Active(l, k)
	if k != nil && k.Archive != nil {
		out += l.Tf(", puis %s en archive fermée", ", then %s in a closed archive", l.said(k.Archive.For.Text()))
	}
	return out
}

func ending(l Lang, k *network.Keep) string {
	if k == nil {
		return ""
	}
	switch k.AtEnd {
	case network.AtEndEraseEverywhere:
		return l.T("effacées, aussi chez nos prestataires", "erased, at our providers too")
	case network.AtEndAnonymise:
		return l.T("rendues anonymes", "made anonymous")
	}
	return l.T("effacées", "erased")
}
